"""The stream's part of the API: by WebSocket, as server-sent events, and one page at a time."""

from tradepost.notifications.http.routes import router, streams
from tradepost.notifications.http.socket import stream_socket

__all__ = ["router", "stream_socket", "streams"]
