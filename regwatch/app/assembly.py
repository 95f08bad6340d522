"""From a configuration to its parts: the composition root. It starts nothing."""

from dataclasses import dataclass

from regwatch.app.engines.account_engine import AccountEngine
from regwatch.app.engines.desk import Desk, DeskSettings
from regwatch.app.engines.heart_engine import HeartEngine
from regwatch.app.engines.receiver_line import LineSettings, ReceiverLine
from regwatch.app.engines.self_engine import SelfEngine, SelfSettings
from regwatch.app.exchange import Exchange
from regwatch.app.heart import WATCHDOG_SECONDS, Heart
from regwatch.app.parts import Parts
from regwatch.app.reporting import Reporting
from regwatch.app.route_trial import RouteTrial
from regwatch.app.settings.accounts import account_settings, contents
from regwatch.app.settings.policies import alert_policies, maintenance, routes
from regwatch.app.settings.receivers import receiver_settings
from regwatch.app.surroundings import Surroundings
from regwatch.app.watch_assembly import WatchAssembly
from regwatch.config import Config
from regwatch.config.label_checks import known_labels
from regwatch.config.receivers import ReceiverShape
from regwatch.config.sections import AccountShape, HeartbeatShape
from regwatch.core.alerts.rules import Rules
from regwatch.notify.delivery.deliveries import Delivery
from regwatch.notify.delivery.lookup import LookingUp
from regwatch.notify.delivery.outbox import Outbox
from regwatch.notify.heartbeat import Beat, Heartbeat, HeartbeatSettings
from regwatch.notify.receiver import Receiver
from regwatch.notify.receivers.build import build_receiver
from regwatch.shapes.values import revealed


@dataclass(frozen=True, slots=True)
class Assembly:
    """Puts parts together, of one configuration after the other; what they share outlives them."""

    around: Surroundings
    exchange: Exchange
    heart: Heart
    reporting: Reporting

    def parts(self, config: Config) -> Parts:
        """All that a configuration asks for."""
        beat = config.heartbeat
        names = frozenset(receiver.name for receiver in config.receivers)
        fallbacks = {receiver.name: receiver.fallback or "" for receiver in config.receivers}
        rules = Rules(alert_policies(config.alerts), config.recover_after)
        desk = DeskSettings(routes(config), names)
        return Parts(
            accounts=[self._account(config, shape) for shape in config.accounts],
            lines=[self._line(config, shape) for shape in config.receivers],
            desk=Desk(desk, self.around, wake=self.exchange.wake, on_death=self.exchange.died),
            self_watch=SelfEngine(
                SelfSettings(rules, fallbacks),
                self.around,
                self.reporting,
                on_incidents=self.exchange.publish,
                on_death=self.exchange.died,
            ),
            heartbeats=[] if beat is None else [self._heartbeat(beat)],
            maintenance=maintenance(config),
            known_labels=known_labels(config),
            route_trial=RouteTrial(config),
            beats_every=WATCHDOG_SECONDS if beat is None else beat.every,
        )

    def _account(self, config: Config, shape: AccountShape) -> AccountEngine:
        build = WatchAssembly(self.around, self.exchange, self.reporting).build
        return AccountEngine(
            account_settings(config, shape),
            build,
            self.around.store.incidents,
            clock=self.around.clock,
            bugs=self.around.bugs,
            on_death=self.exchange.died,
        )

    def _line(self, config: Config, shape: ReceiverShape) -> ReceiverLine:
        around = self.around
        settings = receiver_settings(config, shape)
        around.instruments.initialize_receiver(shape.name, [each.value for each in Delivery])
        return ReceiverLine(
            LineSettings(shape.name, settings, shape.fallback, contents(settings)),
            build_receiver(
                shape.name, settings, around.session, clock=around.clock, memo=around.store.memos
            ),
            self._outbox,
            told=self.exchange.told,
            alive=self.heart.may_beat,
            on_death=self.exchange.died,
            bugs=around.bugs,
        )

    def _outbox(self, receiver: Receiver, fallback: str | None) -> Outbox:
        """One for each receiver: it can be stopped without the others."""
        stored = self.around.store.incidents.with_ids
        return Outbox(
            [LookingUp(receiver, live=self.exchange.known, stored=stored)],
            self.around.store.outbox,
            clock=self.around.clock,
            steady=self.around.steady,
            bugs=self.around.bugs,
            listeners=[self.reporting.delivery, self.exchange.delivery],
            fallbacks={} if fallback is None else {receiver.name: fallback},
        )

    def _heartbeat(self, beat: HeartbeatShape) -> HeartEngine:
        self.around.instruments.initialize_heartbeat([each.value for each in Beat])
        return HeartEngine(
            HeartbeatSettings(revealed(beat.url), beat.every, beat.method),
            self._beating,
            self.around.bugs,
            on_death=self.exchange.died,
        )

    def _beating(self, settings: HeartbeatSettings) -> Heartbeat:
        around = self.around
        return Heartbeat(
            settings,
            around.session,
            clock=around.clock,
            problem=self.heart.problem,
            on_beat=lambda beat: around.instruments.heart_beat(beat.value),
        )
