"""What a reader does, as often as readers do it: search most, look, sometimes ask.

Run by ``script/bench``, which gives the token and the address.
"""

from __future__ import annotations

import os
import random

from locust import HttpUser, between, task

QUESTIONS = (
    "What does a passenger do with a bicycle?",
    "When is the last departure?",
    "Who signs the checklist?",
    "How long is a shift?",
    "life jacket",
    "history of the line",
)


class Reader(HttpUser):
    """Somebody at work: a request every second or two."""

    wait_time = between(0.5, 1.5)

    def on_start(self) -> None:
        self.client.headers["Authorization"] = f"Bearer {os.environ['BENCH_TOKEN']}"

    @task(6)
    def search(self) -> None:
        query = {"q": random.choice(QUESTIONS), "limit": 10}
        self.client.get("/api/search", params=query, name="GET /api/search")

    @task(3)
    def documents(self) -> None:
        self.client.get("/api/documents", name="GET /api/documents")

    @task(1)
    def ask(self) -> None:
        question = {"question": random.choice(QUESTIONS)}
        self.client.post("/api/chat", json=question, name="POST /api/chat")
