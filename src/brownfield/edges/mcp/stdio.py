"""The same server for a client that starts a process: stdio here, the running brownfield behind it.

The ledger is not opened: it belongs to the running brownfield, which judges every call by the key it is sent.
"""

from importlib.metadata import version
from typing import Any

import httpx2
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError
from mcp.shared.inbound import encode_header_value
from mcp_types import (
    CLIENT_CAPABILITIES_META_KEY,
    CLIENT_INFO_META_KEY,
    INTERNAL_ERROR,
    PROTOCOL_VERSION_META_KEY,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
)
from mcp_types.version import LATEST_MODERN_VERSION

from brownfield.edges.mcp.portable import portable
from brownfield.edges.mcp.wording import refused
from brownfield.rules.problem import KINDS, Problem

PATIENCE = httpx2.Timeout(300.0, connect=5.0)
"""Seconds. An answer takes as long as the system's own deadline, which is the server's to keep."""


async def serve_stdio(address: str, key: str, wrapper: str) -> None:
    """Serve one wrapper of the brownfield at `address` over standard input and output until they are closed.

    Args:
        address: The running server: `http://127.0.0.1:7311`.
        key: The caller's key, `BROWNFIELD_KEY`: everything is done and audited in its name.
        wrapper: The wrapper's id.

    Raises:
        Problem: `unauthenticated`: there is no key. Nobody is anonymous here.
    """
    if not key:
        raise Problem("unauthenticated", "no key was given", next="Set BROWNFIELD_KEY to the key of this agent.")
    # The key goes to this address and nowhere else: no proxy out of the environment, no redirect.
    async with httpx2.AsyncClient(
        headers={"Authorization": f"Bearer {key}"}, timeout=PATIENCE, trust_env=False
    ) as client:
        server = await _server(Forward(client, address, wrapper))
        async with stdio_server() as (reading, writing):
            await server.run(reading, writing, server.create_initialization_options())


class Forward:
    """Hands requests on to the running brownfield, one POST each, and its failures back as words.

    Args:
        client: Sends the key.
        address: The running server.
        wrapper: The wrapper's id.
    """

    def __init__(self, client: httpx2.AsyncClient, address: str, wrapper: str) -> None:
        self.wrapper = wrapper
        self._client = client
        self._address = address.rstrip("/")

    async def list_tools(
        self, _context: ServerRequestContext[Any], _params: PaginatedRequestParams | None
    ) -> ListToolsResult:
        """The tools that the key may use.

        Raises:
            MCPError: There is no server, or it does not know the key; the message says what to do.
        """
        try:
            return ListToolsResult.model_validate(await self.ask("tools/list", {}))
        except Problem as problem:
            raise MCPError(INTERNAL_ERROR, f"{problem.cause}. {problem.next}") from problem

    async def call_tool(self, _context: ServerRequestContext[Any], params: CallToolRequestParams) -> CallToolResult:
        """Call a tool; what goes wrong is told in the result."""
        try:
            call = portable({"name": params.name, "arguments": params.arguments or {}})
            return CallToolResult.model_validate(await self.ask("tools/call", call))
        except Problem as problem:
            # Which tools write is not known here; that nothing was written is true of every one of them.
            return refused(problem, "", write=True)

    async def ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """The result of one request.

        Raises:
            Problem: The server is not there, or does not let this key in.
            MCPError: As the server gave it.
        """
        name = {"Mcp-Name": encode_header_value(params["name"])} if "name" in params else {}
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {**params, "_meta": _META}}
        try:
            response = await self._client.post(
                f"{self._address}/{self.wrapper}/mcp", json=request, headers={**_HEADERS, "Mcp-Method": method, **name}
            )
        except (httpx2.ConnectError, httpx2.ConnectTimeout):
            raise Problem("unavailable", f"no brownfield answers at {self._address}",
                          next="Start it with `brownfield up`, then make the same call again.") from None  # fmt: skip
        except httpx2.TransportError:
            raise Problem("uncertain", f"the connection to brownfield at {self._address} broke during the call",
                          next="The same call again is safe: it makes no second proposal.") from None  # fmt: skip
        return self._result(response)

    def _result(self, response: httpx2.Response) -> dict[str, Any]:
        answer = _document(response)
        if "result" in answer:
            return dict(answer["result"])
        if "error" in answer:
            raise MCPError(answer["error"]["code"], answer["error"]["message"], answer["error"].get("data"))
        if response.status_code == 404:
            raise Problem("not-found", f"brownfield at {self._address} has no wrapper `{self.wrapper}`",
                          next="Name one that it serves: brownfield mcp WRAPPER.")  # fmt: skip
        code, said = answer.get("code"), str(answer.get("detail", f"{self._address} answered {response.status_code}"))
        raise Problem(code if code in KINDS else "internal", said, next=str(answer.get("next", "")))


_HEADERS = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": LATEST_MODERN_VERSION}
_META = {
    PROTOCOL_VERSION_META_KEY: LATEST_MODERN_VERSION,
    CLIENT_CAPABILITIES_META_KEY: {},
    CLIENT_INFO_META_KEY: {"name": "brownfield-stdio", "version": version("brownfield")},
}


async def _server(forward: Forward) -> Server[Any]:
    return Server(
        forward.wrapper,
        version=version("brownfield"),
        instructions=await _instructions(forward),
        on_list_tools=forward.list_tools,
        on_call_tool=forward.call_tool,
    )


async def _instructions(forward: Forward) -> str:
    """The running server's own; when it is down, how to start it, because a client shows nothing else of a failure."""
    try:
        return str((await forward.ask("server/discover", {})).get("instructions", ""))
    except Problem as problem:
        return f"{problem.cause}. {problem.next}"


def _document(response: httpx2.Response) -> dict[str, Any]:
    """The answer's JSON object; an empty one for anything else, such as a proxy's page."""
    try:
        answer = response.json()
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
