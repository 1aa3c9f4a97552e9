"""Takes in an uploaded file of limited size, in memory: nothing of it reaches a disk.

Django's own limit, DATA_UPLOAD_MAX_MEMORY_SIZE, does not count files.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from io import BytesIO
from typing import Concatenate, ParamSpec

from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from declarations.faults import FileCode, FileRefused
from declarations.sheet_reader import MAX_BYTES
from declarations.wording import file_sentence

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]
# A browser shows an answer only after its request was read; so much is read for politeness.
_NEVER_READ = 64 * 1024 * 1024


class LimitedUpload(FileUploadHandler):
    """Keeps a file in memory, up to one byte more than it may have; the rest is not looked at."""

    def new_file(self, *args: object, **kwargs: object) -> None:
        super().new_file(*args, **kwargs)  # type: ignore[arg-type]
        self.file = BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.file.write(raw_data[: MAX_BYTES + 1 - start])
        if start + len(raw_data) > MAX_BYTES:
            # The file does not arrive; what follows it is read and dropped.
            self.request.upload_is_too_large = True  # type: ignore[union-attr]
            raise StopUpload(connection_reset=False)

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        self.file.seek(0)
        return InMemoryUploadedFile(
            file=self.file,
            field_name=self.field_name,
            name=self.file_name,
            content_type=self.content_type,
            size=file_size,
            charset=self.charset,
        )


def limited_upload(view: View[P]) -> View[P]:
    """Give a view the limited upload; `is_too_large` then says whether more was sent.

    Stands outermost: the form is read for its CSRF token, and the handler has to be there before.
    """
    protected: View[P] = csrf_protect(view)

    @wraps(view)
    def limited(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if _length(request) > _NEVER_READ:
            return HttpResponse(
                file_sentence(FileRefused(FileCode.TOO_LARGE, max=str(MAX_BYTES))),
                content_type="text/plain; charset=utf-8",
                status=413,
            )
        request.upload_handlers = [LimitedUpload(request)]
        return protected(request, *args, **kwargs)

    return csrf_exempt(limited)


def is_too_large(request: HttpRequest) -> bool:
    """Tell whether the file of a form that was read was larger than any that is taken."""
    return getattr(request, "upload_is_too_large", False)


def _length(request: HttpRequest) -> int:
    length = request.META.get("CONTENT_LENGTH") or "0"
    return int(length) if length.isdigit() else 0
