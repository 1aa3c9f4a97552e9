"""How lists of the API come: in pages, as long as the program asks, up to a limit."""

from rest_framework.pagination import PageNumberPagination


class Pages(PageNumberPagination):
    """`page`, from 1, and `page_size`; the answer names `count`, `next` and `previous`."""

    page_size = 100
    page_size_query_param = "page_size"
    max_page_size = 1000
