"""What went wrong, in words."""

from __future__ import annotations

from ragsite.ops.telling import told


def test_a_fault_of_the_system_names_the_file_and_no_number() -> None:
    error = FileNotFoundError(2, "No such file or directory", "/nowhere")
    assert told(error) == "/nowhere: No such file or directory."


def test_one_about_no_file_says_what_is_the_matter() -> None:
    assert told(OSError(28, "No space left on device")) == "No space left on device."


def test_any_other_error_speaks_for_itself() -> None:
    assert told(ValueError("Not of this form.")) == "Not of this form."
    assert told(OSError("The backup is cut short.")) == "The backup is cut short."
