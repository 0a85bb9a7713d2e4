"""What a message is signed to be sent at: its receiver holds that against his own clock."""

from standardwebhooks import Webhook

from tests.integration.outward.names import ToldNames
from tests.integration.outward.receiver import Receiver
from tests.integration.webhooks.conftest import Owner
from tradepost.kernel.clock import system_clock
from tradepost.kernel.settings import Settings
from tradepost.outward.sending import Sender
from tradepost.webhooks.jobs import Deliverer


async def test_it_is_the_machines_time_whatever_a_sandboxs_clock_says(
    owner: Owner, receiver: Receiver, settings: Settings, names: ToldNames
) -> None:
    webhook = await owner.name(receiver.url)
    owner.clock.go_on(days=365)
    await owner.happens()
    usual = Deliverer(owner.database, settings, Sender(settings, names))
    await usual.tick()
    await usual.idle()
    (got,) = receiver.got
    assert abs(int(got.headers["webhook-timestamp"]) - system_clock().timestamp()) < 60
    assert Webhook(webhook["secret"]).verify(got.body, got.headers) == got.said
