"""How lists of the API are cut into pages.

In a module of its own, and without the schema generator: the framework imports it
while it is itself being imported.
"""

from rest_framework.pagination import PageNumberPagination


class Pagination(PageNumberPagination):
    """``page`` and ``page_size``, at most 100 a page."""

    page_size_query_param = "page_size"
    max_page_size = 100
