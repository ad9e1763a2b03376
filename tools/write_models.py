"""Writes docs/models.md, every training that has a config, from the docstrings of the configs: python tools/write_models.py"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mmseg.utils.errors import CommandParser, command_line


@command_line
def main() -> None:
    CommandParser(description="Write docs/models.md from the docstrings of the configs.").parse_args()
    from mmseg.apis.describing.models import models_page
    from mmseg.utils.repository import ROOT
    from mmseg.utils.storage.files import write_text

    write_text(ROOT / "docs" / "models.md", models_page())


if __name__ == "__main__":
    main()
