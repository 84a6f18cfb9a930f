"""Facts about questions and answers that other apps may care about."""

from django.dispatch import Signal

#: An answer reached its end. Sends ``message_id``, ``state``, ``refused``.
answer_finished = Signal()
