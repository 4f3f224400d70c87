"""What a long run tells on standard error: a bar on a terminal, JSON lines, or only failures and the summary."""

import json
import threading
import time
from collections import Counter
from collections.abc import Sequence
from types import TracebackType

from rich import progress as bars
from rich.console import Console
from rich.table import Table

from pmskills import sources
from pmskills.batch import Result
from pmskills.errors import PMSkillsError
from pmskills.render import safe

SECONDS_BETWEEN = 5.0


class Progress:
    """Counts results and tells of them, as a context manager.

    Parameters
    ----------
    talk
        Where to.
    source
        What is scored, to count it meanwhile for the time left.
    as_json
        Write events (start, failed, progress, end) instead of the bar and the table.

    Attributes
    ----------
    done, failed
        How many results there were, and how many of them without an analysis.
    """

    def __init__(self, talk: Console, source: Sequence[str], *, as_json: bool = False) -> None:
        """Prepare, without telling anything yet."""
        self.done = self.failed = 0
        self._earlier = self._same = 0
        self._statuses: Counter[str] = Counter()
        self._first: dict[str, str] = {}
        self._talk, self._source, self._as_json = talk, source, as_json
        self._total: int | None = None
        self._bar = bars.Progress(
            bars.BarColumn(),
            bars.MofNCompleteColumn(),
            bars.TextColumn("{task.fields[speed]}  {task.fields[failed]} failed"),
            bars.TimeRemainingColumn(),
            console=talk,
            disable=as_json or not talk.is_terminal,
            transient=True,
        )

    def __enter__(self) -> "Progress":
        """Start the clock."""
        self._started = self._told = time.monotonic()
        self._task = self._bar.add_task("", total=None, speed="", failed=0)
        self._event("start", source=list(self._source))
        if self._as_json or self._talk.is_terminal:
            threading.Thread(target=self._count, daemon=True).start()
        self._bar.start()
        return self

    def _count(self) -> None:
        # Tables are left to be counted as they come: to count them is to read them.
        if any(name.lower().endswith(sources.TABLES) or "://" in name for name in self._source):
            return
        try:
            self._total = sum(1 for _ in sources.items(self._source))
        except PMSkillsError:
            return  # told where the items are read

    def add(self, result: Result) -> None:
        """Count a result; tell if it failed."""
        self.done += 1
        self._earlier += result.earlier
        self._same += "same_as" in result.record
        self._statuses[result.status] += 1
        if result.status != "ok":
            self.failed += 1
            self._first.setdefault(result.status, result.message)
            if not result.earlier:
                if self._as_json:
                    self._event("failed", path=result.path, status=result.status, message=result.message)
                else:
                    self._talk.print(safe(result.message))
        speed = self._speed()
        self._bar.update(self._task, completed=self.done, total=self._total, speed=f"{speed:.0f}/s", failed=self.failed)
        if time.monotonic() - self._told > SECONDS_BETWEEN:
            self._told = time.monotonic()
            left = round((self._total - self.done) / speed, 1) if self._total and speed else None
            self._event("progress", done=self.done, failed=self.failed, files_per_second=speed, seconds_left=left)

    def _speed(self) -> float:
        seconds = time.monotonic() - self._started
        return round((self.done - self._earlier) / seconds, 1) if seconds else 0.0

    def _event(self, event: str, **values: object) -> None:
        if self._as_json:
            self._talk.print(json.dumps({"event": event, "seconds": self._elapsed(), **values}))

    def _elapsed(self) -> float:
        return round(time.monotonic() - self._started, 2)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        """Give the summary."""
        self._bar.stop()
        if kind is not None:
            return
        if self._as_json:
            counts = {"done": self.done, "failed": self.failed, "earlier": self._earlier, "same": self._same}
            self._event("end", **counts, statuses=dict(self._statuses), files_per_second=self._speed())
        elif self.done:
            self._talk.print(self._summary())
            if self.failed:
                self._talk.print(self._table())

    def _summary(self) -> str:
        resumes = "1 resume" if self.done == 1 else f"{self.done} resumes"
        text = f"{resumes}: {self._statuses['ok']} scored, {self.failed} failed"
        if self._same:
            text += f"; {self._same} equal to another"
        if self._earlier:
            text += f"; {self._earlier} from an earlier run"
        return f"{text}; {self._elapsed():.1f} s, {self._speed():.1f} files/s"

    def _table(self) -> Table:
        table = Table("reason", "files", "the first", box=None, header_style="")
        for status, count in self._statuses.most_common():
            if status != "ok":
                table.add_row(status, str(count), safe(self._first[status]))
        return table
