"""Files and folders into a collection."""

from __future__ import annotations

import json
import sys
import time
from argparse import ArgumentParser
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from documents import admission
from documents.errors import Forbidden, NotFound
from documents.ingest import drain as queue
from documents.ingest import lease as leases
from documents.management.users import add_user_argument, user_named
from documents.models import Collection, DocumentVersion, Worker
from documents.services.collections import (
    collection_create,
    collection_default,
    collection_get,
)
from documents.services.folders import Taken, file_take_in, files_below, folder_prune, printable
from documents.types import Status

USAGE = 2
_POLL_SECONDS = 0.5


@dataclass(slots=True)
class _Line:
    """What is reported of one file."""

    path: str
    outcome: str
    status: str
    document_id: str | None = None
    version_id: int | None = None
    code: str = ""
    message: str = ""

    @classmethod
    def of(cls, taken: Taken) -> _Line:
        if taken.error is not None:
            return cls(
                taken.path,
                taken.outcome,
                Status.FAILED,
                code=taken.error.code,
                message=taken.error.message,
            )
        assert taken.document is not None  # noqa: S101  # without an error there is one
        return cls(
            taken.path,
            taken.outcome,
            Status.QUEUED,
            document_id=str(taken.document.pk),
            version_id=taken.document.newest_version_id,
        )

    def shown(self) -> dict[str, Any]:
        error = {"code": self.code, "message": self.message} if self.code else None
        return {
            "path": self.path,
            "outcome": self.outcome,
            "status": self.status,
            "document_id": self.document_id,
            "error": error,
        }


class Command(BaseCommand):
    help = (
        "Takes in files and folders. The same path again: unchanged files are skipped, "
        "changed ones become a new version."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
        parser.add_argument(
            "--collection",
            default="",
            metavar="SLUG",
            help="Made where there is none of that name.",
        )
        add_user_argument(parser, "--owner")
        parser.add_argument(
            "--wait", action="store_true", help="Wait until every file is ready or has failed."
        )
        parser.add_argument(
            "--prune", action="store_true", help="Retire documents whose file is gone."
        )
        parser.add_argument("--json", action="store_true", help="Print one JSON object at the end.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Take in, prune, wait, report."""
        del args
        owner = user_named(options["owner"])
        collection = self._collection(owner, options["collection"])
        for path in options["paths"]:
            if not path.exists():
                raise CommandError(f"There is no file or folder {path}.", returncode=USAGE)
        self._json = options["json"]
        with admission.unbounded():
            lines, taken = self._take_in(owner, collection, options["paths"])
        pruned = []
        if options["prune"]:
            folders = [path for path in options["paths"] if path.is_dir()]
            pruned = folder_prune(collection=collection, folders=folders, seen=taken)
        if options["wait"]:
            self._wait(lines)
        else:
            _refresh(lines)
        self._report(lines, [printable(Path(document.source)) for document in pruned])

    def _collection(self, owner: Any, slug: str) -> Collection:
        if not slug:
            return collection_default(owner)
        try:
            return collection_get(owner, slug, edit=True)
        except Forbidden as error:
            raise CommandError(error.message, returncode=USAGE) from None
        except NotFound:
            if Collection.objects.filter(slug=slug).exists():
                message = f"{owner} is not a member of the collection {slug}."
                raise CommandError(message, returncode=USAGE) from None
            return collection_create(user=owner, name=slug, slug=slug)

    def _bar(self, total: int, label: str) -> Any:
        hidden = self._json or not sys.stderr.isatty()
        return tqdm(total=total, desc=label, unit="file", disable=hidden, file=sys.stderr)

    def _take_in(
        self, owner: Any, collection: Collection, paths: list[Path]
    ) -> tuple[list[_Line], list[Taken]]:
        files = list(files_below(paths))
        lines, taken = [], []
        with self._bar(len(files), "Taking in") as bar:
            for path in files:
                one = file_take_in(user=owner, collection=collection, path=path)
                taken.append(one)
                lines.append(_Line.of(one))
                bar.update()
        return lines, taken

    def _wait(self, lines: list[_Line]) -> None:
        """Follow the versions to their ends; without a worker, do its work here."""
        mine = None
        with self._bar(len(lines), "Reading") as bar:
            while open_lines := _refresh(lines):
                bar.update(len(lines) - open_lines - bar.n)
                if mine is None and not _worker_lives():
                    mine = leases.worker_register()
                    queue.sweep()
                if mine is not None:
                    queue.drain(mine.pk, limit=1)
                else:
                    time.sleep(_POLL_SECONDS)
            bar.update(len(lines) - bar.n)
        if mine is not None:
            leases.worker_gone(mine.pk)

    def _report(self, lines: list[_Line], pruned: list[str]) -> None:
        counts = Counter(line.status for line in lines)
        if self._json:
            body = {
                "files": [line.shown() for line in lines],
                "counts": dict(counts),
                "pruned": pruned,
            }
            self.stdout.write(json.dumps(body, ensure_ascii=False))
        else:
            self._report_text(lines, counts, pruned)
        if counts[Status.FAILED]:
            sys.exit(1)

    def _report_text(self, lines: list[_Line], counts: Counter[str], pruned: list[str]) -> None:
        for line in lines:
            reason = f": {line.message} ({line.code})" if line.code else ""
            outcome = "" if line.outcome in {"new", "rejected"} else f" ({line.outcome})"
            self.stdout.write(f"{line.status:10} {line.path}{outcome}{reason}")
        for path in pruned:
            self.stdout.write(f"{'retired':10} {path}")
        total = ", ".join(f"{number} {status}" for status, number in sorted(counts.items()))
        self.stdout.write(f"{len(lines)} files: {total or 'nothing to do'}.")
        if counts[Status.QUEUED] and not _worker_lives():
            self.stdout.write("No worker is running: start script/server, or add --wait.")


def _worker_lives() -> bool:
    return any(leases.is_alive(worker) for worker in Worker.objects.all())


def _refresh(lines: list[_Line]) -> int:
    """Bring the lines up to date and return how many have not ended."""
    waiting = [
        line
        for line in lines
        if line.version_id and line.status not in (Status.READY, Status.FAILED)
    ]
    for start in range(0, len(waiting), 500):
        group = waiting[start : start + 500]
        rows = DocumentVersion.objects.filter(pk__in={line.version_id for line in group})
        found = {row.pk: row for row in rows}
        for line in group:
            _update(line, found.get(line.version_id or 0))
    return sum(line.status not in (Status.READY, Status.FAILED) for line in lines)


def _update(line: _Line, version: DocumentVersion | None) -> None:
    if version is None:
        line.status, line.code = Status.FAILED, "deleted"
        line.message = "The document was deleted meanwhile."
    else:
        line.status = version.status
        line.code, line.message = version.error_code, version.error_message
