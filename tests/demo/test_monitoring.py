from __future__ import annotations

from boombap.demo import monitoring
from boombap.telemetry import catalogue
from boombap.telemetry.catalogue import Metric


def test_each_figure_that_the_tour_shows_is_one_of_the_catalogue() -> None:
    names = {value.name for value in vars(catalogue).values() if isinstance(value, Metric)}
    assert {beginning.partition("{")[0].strip() for beginning in monitoring._SHOWN} <= names


def test_figures_come_in_the_order_of_the_tour() -> None:
    page = ["boombap_db_tracks_filled 1", "boombap_db_size_bytes 2.0", "boombap_db_tracks 1000.0"]
    assert list(monitoring.key_figures(page)) == ["boombap_db_tracks 1000.0", "boombap_db_size_bytes 2.0"]
