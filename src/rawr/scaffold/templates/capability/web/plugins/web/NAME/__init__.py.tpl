"""The web plugin of $name."""

from pathlib import Path

from rawr.composition import define_web_surface

surface = define_web_surface(title="$Name", directory=Path(__file__).parent / "dist")

__all__ = ["surface"]
