"""How the library tells its caller how far it is."""

from __future__ import annotations

from typing import Callable, Optional

# Called with what is done and, where it is known, with how much there is in all.
OnProgress = Callable[[int, Optional[int]], None]
