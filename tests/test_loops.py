"""No loop ends unseen: each that goes on for ever, and each task, stands under a guard, or is
excused here with its reason. What is new and stands in no table fails.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from figures import house

GUARDED = {
    "watcher/watcher.py:Watcher._ask_forever": "app/engines/account_engine.py:self._watch",
    "watcher/watcher.py:Watcher._tick_forever": "watcher/watcher.py:self._tick_forever",
    "notify/delivery/dispatch.py:Dispatcher.run": "app/engines/desk.py:self._dispatch",
    "notify/delivery/outbox.py:Outbox._serve": "app/engines/receiver_line.py:self._send",
    "notify/delivery/repost.py:repost_forever": "app/engines/receiver_line.py:self._repost",
    "notify/heartbeat.py:Heartbeat.run": "app/engines/heart_engine.py:build(settings).run",
    "app/engines/self_watch.py:SelfWatch.run": "app/engines/self_engine.py:self._run",
    "app/engines/store_care.py:StoreCare._look_after": "app/engines/store_care.py:self._look_after",
    "app/service_manager.py:ServiceManager.tell_status": "app/daemon.py:manager.tell_status",
    "app/service_manager.py:ServiceManager.feed_watchdog": "app/daemon.py:manager.feed_watchdog",
    "app/engines/clock_care.py:ClockCare._watch": "app/engines/clock_care.py:self._watch",
    "app/loop_lag.py:watch_lag": "app/daemon.py:watch_lag",
    "app/http_side.py:HttpSide.close_former_ones": "app/daemon.py:begun.http.close_former_ones",
    "app/reloading.py:Reloader.watch_trials": "app/daemon.py:begun.reloader.watch_trials",
    "cli/run.py:_reload_forever": "cli/run.py:_reload_forever",
    # Within the loops above: what ends one of these ends the one around it.
    "notify/delivery/persistence.py:Persistence._ask": "app/engines/receiver_line.py:self._send",
}
"""Each loop, and where the guard is that begins it again."""
EXCUSED = {
    "guard.py:Guard.keep": "it is the guard",
    "guard.py:lived": "it waits for one task, to its end",
    "cli/extensions.py:_pages": "the pages that there are",
    "cli/watch.py:_show_live": "for a person at a terminal, who sees it end",
    "cli/watch.py:_tell_changes": "the same in a pipe, whose reader sees it end",
    "notify/http.py:_beginning": "one answer, bounded",
    "notify/delivery/outbox.py:Outbox._send_run": "the messages of one run, each sent once",
    "notify/receivers/slack.py:blocks": "each turn leaves less to say",
    "sources/ringme/registrations.py:Call._ask": "the parts of one batch, each asked once",
    "watcher/unsaved.py:save_what_can_be": "the pieces of what is to be stored, each tried once",
    "app/http_side.py:HttpSide._close_former": "those that were replaced, each closed once",
    "notify/delivery/dispatch.py:Dispatcher._settle": "what came in, each taken in once",
    "store/accounts.py:StoredAccounts._pages": "the rows that there are",
    "store/retention.py:Retention._forget": "the rows that are old, piece by piece",
    "store/retention.py:Retention._give_room_back": "the free pages, piece by piece",
    "store/writer.py:Writer._run": "a guard of its own round each turn; over when all is stored",
    "watcher/ledger.py:Ledger._flush": "what is to be stored, part by part",
    "watcher/watcher.py:Watcher._walk": "the outcomes of one list",
    "web/api/request.py:_read": "one request's body, bounded",
    "web/metrics/scrape.py:Rendering.parts": "over when the task is that makes them",
    "web/ordering.py:chunked": "a list that is at hand",
    "core/dispatch/escalations.py:Escalations.due": "the entries that are due, each taken off",
    "core/dispatch/forecast.py:_messages": "a day that is looked ahead, cut after so many",
    "core/polling/agenda.py:Agenda._by_rank": "two queues, each entry taken off",
}
"""Each that is finite, or is nobody's watch."""
FINITE = {
    "cli/remote.py:_read": "one answer, bounded",
    "notify/delivery/dispatch.py:Dispatcher._settle": "what is held, moved once",
    "notify/delivery/dispatch.py:Dispatcher._turn": "what is held, put in its place once",
    "sources/ringme/body.py:read_bounded": "one answer, bounded",
    "store/accounts.py:StoredAccounts.load": "the rows that there are",
    "store/retention.py:Retention._pieces": "the rows that are old, piece by piece",
    "store/retention.py:Retention.forget_old": "so many pieces at most",
    "watcher/watcher.py:Watcher._settle": "what is held, moved once",
    "watcher/watcher.py:Watcher._tick_forever": "what came of that",
    "web/api/choosing.py:chosen": "a list that is at hand",
    "web/api/finding.py:find_extension": "a list that is at hand",
    "web/api/handlers.py:Api.extension": "a list that is at hand",
    "web/api/handlers.py:Api.status": "a list that is at hand",
    "web/api/handlers.py:Api.test_routes": "a list that is at hand",
    "web/listing.py:_find": "a list that is at hand",
    "web/metrics/exposition.py:Exposition.chunks": "one scrape",
    "web/metrics/exposition.py:gzipped": "one scrape",
    "web/metrics/scrape.py:Rendering._make": "one scrape",
    "web/metrics/scrape.py:Scrape._metrics": "one scrape",
    "web/ordering.py:smallest": "a list that is at hand",
    "web/ordering.py:window": "a list that is at hand",
}
"""Each `async for`; a stream of events would want a guard."""
TASKS = {
    "app/daemon.py:Daemon._run_until": "guards",
    "app/engines/running.py:Running.start": "a guard",
    "app/engines/running.py:stop_all": "waited for: each stop is bounded",
    "cli/demo.py:_watch": "for show, at a terminal",
    "cli/loops.py:until": "one command's work, waited for",
    "cli/poll.py:_Asking.run": "one sweep, waited for",
    "cli/poll.py:_sweep_all": "one sweep, waited for",
    "cli/run.py:_run": "waits for the start, then is a guard",
    "cli/test_alert.py:_test": "one message each, waited for",
    "guard.py:lived": "it is waited for, to its end",
    "notify/delivery/outbox.py:Outbox.run": "the loop of the guard around: its end ends that one",
    "notify/delivery/outbox.py:Outbox._send_one_of_run": "one mark each, waited for, with a guard",
    "notify/receivers/alertmanager.py:AlertmanagerReceiver._send": "one post each, waited for",
    "sources/ringme/auth.py:Tokens._start_renewal": "one request; whatever it is, the polls get it",
    "sources/ringme/registrations.py:Call._ask_side_by_side": "one poll, waited for",
    "store/writer.py:Writer._begin": "nobody's child: it works for all, with a guard of its own",
    "store/writer.py:Writer._patiently": "one transaction, waited for",
    "watcher/watcher.py:Watcher.run": "a guard",
    "web/metrics/scrape.py:Rendering.__init__": "one rendering: its readers get what it met",
    "web/door.py:Door._let_in": "one connection each, with a guard of its own",
    "watcher/watcher.py:Watcher._ask_forever": "one poll each, with a guard of its own",
}
"""Each place that starts tasks, and why none of them can end unseen."""
STARTS = {"create_task", "ensure_future", "gather", "run_coroutine_threadsafe"}
HOUSE = house()
GUARDS = {"Running", "Guard", "keep", "partial"}


@dataclass(frozen=True)
class Found:
    place: str
    node: ast.AST


def modules() -> Iterator[tuple[str, ast.Module]]:
    """All but the simulator: a PBX to try against is no part of the daemon."""
    return ((m.name, m.tree) for m in HOUSE if not m.name.startswith("simulator/"))


def functions(tree: ast.AST, name: str) -> Iterator[tuple[str, list[ast.AST]]]:
    """Each with what stands in it, but for what stands in functions within."""
    for node in ast.iter_child_nodes(tree):
        inner = f"{name}.{node.name}" if hasattr(node, "name") else name
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield inner, list(own(node))
        yield from functions(node, inner)


def own(function: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(function):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node
            yield from own(node)


def found_in(of_interest: type[ast.AST] | tuple[type[ast.AST], ...]) -> Iterator[Found]:
    for module, tree in modules():
        for name, nodes in functions(tree, ""):
            for node in nodes:
                if isinstance(node, of_interest):
                    yield Found(f"{module}:{name.removeprefix('.')}", node)


def may_go_on_for_ever(loop: ast.While) -> bool:
    is_open = isinstance(loop.test, ast.Constant) or (
        isinstance(loop.test, ast.UnaryOp) and isinstance(loop.test.op, ast.Not)
    )
    return is_open or any(isinstance(node, ast.Await) for node in own(loop))


def called(node: ast.AST) -> str:
    function = node.func if isinstance(node, ast.Call) else node
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def loops() -> set[str]:
    return {
        each.place
        for each in found_in(ast.While)
        if isinstance(each.node, ast.While) and may_go_on_for_ever(each.node)
    }


def guarded_works() -> set[str]:
    """What is handed to a guard, as it is written there."""
    works = set()
    for module, tree in modules():
        for node in ast.walk(tree):
            given: list[ast.expr] = []
            if isinstance(node, ast.Call) and called(node) in GUARDS:
                given = list(node.args)
            elif isinstance(node, ast.Yield) and isinstance(node.value, ast.Tuple):
                given = list(node.value.elts) if called(node.value.elts[0]) == "Guard" else []
            works |= {f"{module}:{ast.unparse(each)}" for each in given}
    return works


def test_every_loop_that_may_go_on_for_ever_is_guarded_or_excused() -> None:
    assert loops() == {*GUARDED, *EXCUSED}


def test_what_is_said_to_be_guarded_is_handed_to_a_guard() -> None:
    assert {*GUARDED.values()} - guarded_works() == set()


def test_every_task_is_waited_for_or_guarded() -> None:
    tasks = {each.place for each in found_in(ast.Call) if called(each.node) in STARTS}
    assert tasks == {*TASKS}


def test_what_is_read_piece_by_piece_comes_to_an_end() -> None:
    assert {each.place for each in found_in(ast.AsyncFor)} == {*FINITE}
