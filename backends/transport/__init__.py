"""Our own HTTP/1.1 transport under the httpx API, made for timing streams.

`transport_for(url)` picks one of two `httpx.AsyncBaseTransport`s that keep the same contract:

- `DirectTransport` reads its sockets itself; on Linux each read carries the kernel's receive time.
- `ProxiedTransport` is httpx's own, for the proxies of the environment, stamped when a read returns.

Request extension `timeout` is httpx's (`connect`, `read`, `write`, `pool` in seconds or None) and one more key,
`total`: from the call to the last byte of the body. Just before the first byte of a request is written, its
extension `sent_ns` is set, so that it is known of failed requests too. A response's extensions hold

- `sent_ns`: t_0, the same figure; connecting comes before it.
- `connect_ns`: time spent on TCP and TLS; 0 on a reused connection.
- `resent`: whether the request had to be sent again because the server had closed the connection it was first written
  to before taking it up (`DirectTransport.handle_async_request`).
- `stamp`: "kernel" or "user", where receive stamps come from (`backends.base.Stamp`).
- `reads`: the body; use it or the response's own methods, not both. An async iterator of (receive stamp on the
  `time.perf_counter_ns` clock, body bytes), one item for each read of the socket that brought body bytes; or, cheaper
  where reads are many, `await reads.each(take)`, which calls a function with the same two as soon as a read is made.

Failures are httpx's: `ConnectError` (its `__cause__` tells DNS, TCP and TLS apart), the four timeouts,
`ReadError` and `WriteError` for a connection that was lost, `RemoteProtocolError` for one that made no sense.
Nothing else is sent twice.

Must not be put here: anything that knows what a body means.
"""

from .direct import DirectTransport
from .proxied import ProxiedTransport, ProxyError, proxy_for

__all__ = ["DirectTransport", "ProxiedTransport", "ProxyError", "proxy_for"]
