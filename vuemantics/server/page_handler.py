"""Send pages without holding a database connection, and keep them out of caches."""

from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.db import close_old_connections
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.deprecation import MiddlewareMixin


class PageHandler(ASGIHandler):
    """Runs the middleware and the view of each request in one go on the request's thread.

    Django's handler switches to that thread separately for each step of each middleware, some 20 times per request.
    Async views still run on the event loop.

    This handler also returns the request's database connection to the pool before it sends the response. Django's
    returns it only after the client has read the whole response, so a few slow clients could use up the pool. Code that
    streams content must therefore run its own short queries (uploads/db_threads.py).
    """

    def load_middleware(self, is_async: bool = False) -> None:
        """Build the chain of synchronous middleware, even though the handler is asynchronous."""
        super().load_middleware(is_async=False)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        return await sync_to_async(self.get_response)(request)

    async def send_response(self, response: HttpResponseBase, send: Any) -> None:
        await sync_to_async(close_old_connections)()
        await super().send_response(response, send)


class PrivateResponses(MiddlewareMixin):
    """Adds `Cache-Control: private, no-store` to each response whose view sets no Cache-Control.

    Pages show one user's data, so no cache may keep them.
    """

    def process_response(self, _request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response
