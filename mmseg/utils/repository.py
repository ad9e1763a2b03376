"""Where the files lie that come with the code: configs, tools, studies."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = ROOT / "configs"
