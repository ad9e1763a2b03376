"""A logger whose package is not installed."""

from importlib.machinery import ModuleSpec

from mmseg.visualization.backends import loggers
from mmseg.visualization.backends.loggers import WandbVisBackend, check_installed
from tests.advice.following import advice


def test_the_package_of_a_logger(monkeypatch):
    """Installed is what Python finds."""
    found: dict[str, ModuleSpec] = {}
    monkeypatch.setattr(loggers, "find_spec", found.get)
    _, _, package = advice(
        "{} needs the package {}, which is not installed. Run 'pip install {}'.", lambda: check_installed(WandbVisBackend)
    )
    found[package] = ModuleSpec(package, None)
    check_installed(WandbVisBackend)
