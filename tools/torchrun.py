"""torchrun, whose account of a process that died is one line: python tools/torchrun.py --standalone --nproc_per_node N TOOL …

All options are those of torchrun: torchrun --help.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mmseg.utils.errors import command_line


@command_line
def main() -> int:
    if sys.argv[1:] in (["-h"], ["--help"]):
        print(f"usage: torchrun.py [OPTIONS] TOOL …\n\n{__doc__.strip()}")
        return 0
    from mmseg.apis.launching.torchrun import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    main()
