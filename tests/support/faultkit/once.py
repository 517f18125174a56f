"""One life of a work, to its end; what it tells goes to a file beside.

python -m faultkit.once WORK FOLDER SEED STEPS TOLD [BUG]
"""

import os
import random
import sys
from pathlib import Path

from faultkit import works, zoo


def main(work, folder, seed, steps, told):
    with Path(told).open("ab", buffering=0) as file:
        life = getattr(works, work)(Path(folder))
        life.live(
            lambda line: os.write(file.fileno(), line.encode() + b"\n"), random.Random(seed), steps
        )


if __name__ == "__main__":
    for name in sys.argv[6:]:
        zoo.BUGS[name](setattr)
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5])
