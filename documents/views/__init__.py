"""The pages of documents, collections and search: requests in, templates out."""
