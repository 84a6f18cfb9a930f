"""Facts about questions and answers that other apps may care about."""

from django.dispatch import Signal

#: An answer reached its end. Sends ``message_id``, ``state``, ``refused``.
answer_finished = Signal()

#: The same, with numbers and no text. Sends ``model``, ``outcome`` (``answered``, ``refused``,
#: ``stopped`` or ``failed``), ``code`` of what failed, ``ms`` of the whole, ``first_token_ms``
#: (``None`` without a model), ``prompt_tokens``, ``completion_tokens``, ``sentences`` and
#: ``supported`` (how many of these).
answer_measured = Signal()
