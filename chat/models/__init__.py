"""What is stored of questions and answers."""

from chat.models.conversations import Citation, Conversation, Feedback, Message
from chat.models.quality import (
    Comparison,
    Judgement,
    Notice,
    QuestionSet,
    SavedQuestion,
    Watch,
)

__all__ = [
    "Citation",
    "Comparison",
    "Conversation",
    "Feedback",
    "Judgement",
    "Message",
    "Notice",
    "QuestionSet",
    "SavedQuestion",
    "Watch",
]
