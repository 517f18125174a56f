"""What every test shares: property tests that take no offence at a slow machine."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "tianbao",
    deadline=None,  # a slow example on a busy machine is no fault of the product
    max_examples=60,
    derandomize=True,  # the same tree gives the same result on every machine
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.load_profile("tianbao")
