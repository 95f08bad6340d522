"""Where the pages are that messages lead to."""

from fakes.notifications import all_new, lost

from regwatch.core.model import AlertName, IncidentId
from regwatch.notify.words.links import help_url, incident_url, page_of

URL = "https://r.example.com/regwatch/"


def test_each_thing_has_its_page_below_the_external_url() -> None:
    assert incident_url(IncidentId("ab"), URL) == "https://r.example.com/regwatch/incidents/ab"
    site_lost = help_url(AlertName.SITE_LOST, URL)
    assert site_lost == "https://r.example.com/regwatch/help/RegwatchSiteLost"


def test_without_one_there_are_none() -> None:
    assert incident_url(IncidentId("ab"), "") == help_url(AlertName.SITE_LOST, "") == ""
    assert page_of(all_new([lost()]), "") == ""


def test_a_message_about_one_leads_to_it_and_about_many_to_all() -> None:
    assert page_of(all_new([lost(1)]), URL) == incident_url(lost(1).id, URL)
    assert page_of(all_new([lost(1), lost(2)]), URL) == URL
