"""Everything that is needed to use the running registry."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Ready:
    """The result of a start; None stands for what is not there or not known."""

    api_url: str
    content_url: str
    index_url: str | None
    cache_index_url: str | None
    token: str | None
    admin_password: str | None
    pids: dict[str, int]
    data_dir: Path
