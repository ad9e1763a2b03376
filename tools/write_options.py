"""Writes docs/options.md, every part that a config can name with its options: python tools/write_options.py"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mmseg.utils.errors import CommandParser, command_line


@command_line
def main() -> None:
    CommandParser(description="Write docs/options.md from the signatures.").parse_args()
    from mmseg.apis.describing.options import options_page
    from mmseg.utils.repository import ROOT
    from mmseg.utils.storage.files import write_text

    write_text(ROOT / "docs" / "options.md", options_page())


if __name__ == "__main__":
    main()
