"""What is stored of questions and answers."""

from chat.models.conversations import Citation, Conversation, Feedback, Message

__all__ = ["Citation", "Conversation", "Feedback", "Message"]
