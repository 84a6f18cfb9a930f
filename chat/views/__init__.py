"""The pages where questions are asked and answers are read: requests in, templates out."""
