"""The operations on an account's encrypted wallet: a text that its owner alone can open."""

from tradepost_client._async.transport import AsyncTransport
from tradepost_client.answers import answer
from tradepost_client.models import Backup


class AsyncBackups(AsyncTransport):
    """What a client asks about backups; it takes a session with every scope.

    The errors are those of `AsyncClient`.
    """

    async def backup(self, version: int | None = None) -> Backup:
        """The one that stands, or an earlier version; a `ProblemError` of status 404 for none."""
        return answer(Backup, await self.get("/v1/account/backup", {"version": version}))

    async def keep_backup(self, vault: str, version: int | None = None) -> Backup:
        """Puts a vault in the place of `version`, None for the first one.

        It is the text of a JSON object, and whoever calls has encrypted it. A `ProblemError` of
        status 412 if it is another meanwhile.
        """
        seen = {"If-None-Match": "*"} if version is None else {"If-Match": f'"{version}"'}
        return answer(Backup, await self.send("PUT", "/v1/account/backup", {"vault": vault}, seen))

    async def delete_backup(self, version: int) -> None:
        """Deletes it; a `ProblemError` of status 412 if it is another meanwhile."""
        seen = {"If-Match": f'"{version}"'}
        await self.send("DELETE", "/v1/account/backup", None, seen)
