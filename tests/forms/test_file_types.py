import pytest

from forms.definition import Question
from forms.file_types import file_rule

SHA = "0" * 64
FORM = """
    type  | name  | parameters
    file  | plan  | accept=.doc,.docx,.pdf
    file  | scan  | accept=image/*,.pdf
    file  | any   |
    image | photo |
    audio | sound |
    video | film  |
"""


def file(name, media_type="application/octet-stream", size=3):
    return {"name": name, "type": media_type, "size": size, "sha256": SHA}


@pytest.fixture
def visit(scenario):
    return scenario(FORM)


@pytest.mark.parametrize(
    ("path", "given"),
    [
        ("plan", file("方案.pdf", "application/pdf")),
        ("plan", file("PLAN.DOCX")),
        ("plan", file("a.b.doc", "text/plain")),
        ("scan", file("scan.PDF")),
        ("scan", file("scan", "image/png")),
        ("scan", file("IMG_1.HEIC")),
        ("any", file("program.exe")),
        ("photo", file("p.jpg", "image/jpeg")),
        ("photo", file("p", "IMAGE/JPEG")),
        ("photo", file("IMG_1.heic")),
        ("sound", file("s.m4a", "audio/mp4")),
        ("film", file("f.mp4", "video/mp4")),
    ],
)
def test_a_file_of_an_accepted_kind_breaks_no_rule(visit, path, given):
    visit.answer(path, given)

    assert visit.broken(path) == []
    assert visit.checked({path: given}) == []


@pytest.mark.parametrize(
    ("path", "given"),
    [
        ("plan", file("program.exe")),
        ("plan", file("pdf")),
        ("plan", file("plan.pdf.exe", "application/pdf")),
        ("scan", file("plan.docx")),
        ("photo", file("plan.pdf", "application/pdf")),
        ("photo", file("p.jpg", "text/html")),
        ("photo", file("program.exe")),
        ("sound", file("f.mp4", "video/mp4")),
        ("film", file("s.m4a", "audio/mp4")),
    ],
)
def test_a_file_that_is_not_accepted_is_refused_here_and_on_arrival(visit, path, given):
    visit.answer(path, given)

    assert visit.broken(path) == ["file_type"]
    assert visit.checked({path: given}) == [(path, "file_type")]


def test_an_empty_file_is_refused_here_and_on_arrival(visit):
    for path in ("plan", "any"):
        empty = file("plan.pdf", "application/pdf", size=0)
        visit.answer(path, empty)

        assert visit.broken(path) == ["empty_file"]
        assert visit.checked({path: empty}) == [(path, "empty_file")]


@pytest.mark.parametrize(
    ("language", "path", "named"),
    [
        ("zh-CN", "plan", "请选择这些类型的文件：.doc, .docx, .pdf"),
        ("en", "plan", "Choose one of: .doc, .docx, .pdf"),
        ("zh-CN", "photo", "只接受图片"),
        ("en", "photo", "Only images"),
    ],
)
def test_the_message_names_what_is_accepted(visit, language, path, named):
    visit.answer(path, file("program.exe"))
    states = visit.session.state(language).states

    violation = next(state for state in states if state.path == path).violations[0]

    assert named in violation.message


def test_an_accept_that_says_nothing_refuses_nothing():
    question = Question(
        type="file", name="a", path="a", source="survey[0]", parameters={"accept": "pdf, ,."}
    )

    assert file_rule(question).fits("program.exe", "application/octet-stream")
