"""Facts that other apps may care about. A receiver reacts; it never steers."""

from django.dispatch import Signal

#: A version became the one its document answers from. Sends ``document_id``, ``version_id``.
version_ready = Signal()

#: A version ended in failure, for good. Sends ``document_id``, ``version_id``, ``code``, and the
#: ``ms`` its last attempt took; nothing there where the attempt died with its worker.
version_failed = Signal()

#: A document answers for other people, no more, or again: moved, retired, brought back or
#: withdrawn for good. Sends ``document_id``.
document_moved = Signal()

#: A document is deleted: nothing of it may be shown from here on. Told when it is withdrawn,
#: and again when its row goes. Sends ``document_id``.
document_deleted = Signal()

#: What was worked out before was asked for. Sends ``kind`` (one of ``documents.caching.Cached``)
#: and ``hit``, whether it was there.
cache_asked = Signal()

#: Rows, files, index and cache were compared. Sends ``mended`` (counts by kind) and ``left``
#: (how many faults only a person can mend).
reconciled = Signal()

#: Part of the work on a version was done. Sends ``stage``, ``outcome`` and ``ms``.
stage_done = Signal()

#: An attempt at a version came to an end. Sends ``outcome`` (``ready``, ``failed`` or
#: ``postponed``), ``code`` of what failed and ``ms``. After a failure it may be tried again.
version_read = Signal()

#: Somebody searched. Sends ``mode``, ``hits`` (how many) and ``ms``.
searched = Signal()

#: Somebody looked at a document. Sends ``document_id``, ``user_id`` and ``how``: ``viewed``
#: (what it is), ``opened`` (its text or a page) or ``downloaded``.
document_used = Signal()

#: Somebody did something that is worth remembering who did it. Sends ``action`` as
#: ``document.moved``, ``object_type``, ``object_id``, and perhaps ``user`` and ``detail``,
#: a mapping of ids and plain words: never text of a document, nor its title.
deed = Signal()
