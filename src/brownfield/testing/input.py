"""The suite that an input adapter passes. Inherit it and give one fixture.

class TestOrders(InputAdapterContract):
    @pytest.fixture
    def connection(self, tmp_path):
        return InputCase(
            adapter=brownfield_files.input.adapter,
            opening=Opening("orders", FOLDER, InputSettings(location=tmp_path, …), no_secret),
            good=InputRecord("detail", {…}), other=InputRecord("detail", {…}),
            flawed=InputRecord("detail", {… "units": 10_000_000}), seen=lambda: what_a_job_sees(tmp_path),
            disturb=lambda name, content: (tmp_path / name).write_bytes(content),
        )
"""

from datetime import date
from typing import Any

import pytest

from brownfield.contract import Rejected, Unavailable
from brownfield.contract.input import RESULT, InputAdapter, InputBatch, InputFile, Whereabouts
from brownfield.testing.case import InputCase, Kind
from brownfield.testing.descriptor import AdapterContract, DescriptionContract, connected

_DAY = date(2026, 11, 21)


class InputAdapterContract(AdapterContract, DescriptionContract):
    """What every input adapter must do."""

    kind: Kind = "input"

    def test_every_operation_gives_the_same_result(self, opened: InputAdapter) -> None:
        """Runtime fills it, so it is no adapter's to say."""
        shapes = opened.describe().operations
        assert [name for name, shape in shapes.items() if shape.output != RESULT] == []

    def test_a_flaw_is_told_before_anything_is_written(self, connection: InputCase, opened: InputAdapter) -> None:
        """What does not fit is refused in words, never cut; what fits has none."""
        assert opened.flaw(connection.good) == opened.flaw(connection.other) == ""
        assert opened.flaw(connection.flawed).strip()
        with pytest.raises(Rejected) as refusal:
            opened.render(InputBatch(1, _DAY, [connection.good, connection.flawed]))
        assert refusal.value.message.strip()
        assert connection.seen() == {}

    def test_the_same_batch_gives_the_same_bytes(self, connection: InputCase) -> None:
        """By another connection too, and it puts nothing anywhere."""
        rendered = []
        for _ in range(2):
            with connected(connection) as far:
                rendered += [far.render(self._batch(connection)) for _ in range(2)]
        assert len({(file.name, file.data) for file in rendered}) == 1
        assert connection.seen() == {}

    def test_another_number_is_another_file(self, connection: InputCase, opened: InputAdapter) -> None:
        """Under another name, with other bytes: no two files can be taken for each other."""
        one, two = opened.render(self._batch(connection)), opened.render(self._batch(connection, 8))
        assert one.name != two.name
        assert one.data != two.data

    def test_every_record_can_be_looked_at(self, connection: InputCase, opened: InputAdapter) -> None:
        """All fields of both records come back as they were given, in order."""
        records: dict[int, dict[str, Any]] = {}
        for sight in opened.look(opened.render(self._batch(connection)).data):
            records.setdefault(sight.record, {})[sight.name] = sight.value
        given = [connection.good.fields, connection.other.fields]
        found = [one for one in records.values() if given[0].keys() <= one.keys()]
        assert [{name: one[name] for name in given[0]} for one in found] == given

    def test_what_is_staged_is_seen_by_no_job(self, connection: InputCase, opened: InputAdapter) -> None:
        """Until it is released; staged twice, it is there once."""
        file = self._staged(connection, opened)
        opened.stage(file)
        assert connection.seen() == {}
        assert opened.release(file) is True
        assert connection.seen()[file.name] == file.data

    def test_what_has_left_does_not_leave_again(self, connection: InputCase, opened: InputAdapter) -> None:
        """R77: whoever releases it a second time puts nothing there, and is told that it had left."""
        file = self._staged(connection, opened)
        opened.release(file)
        before = connection.seen()
        with connected(connection) as another:
            assert another.release(file) is False
        assert connection.seen() == before

    def test_what_was_staged_before_a_kill_leaves_after_it(self, connection: InputCase, opened: InputAdapter) -> None:
        """R77: another process finds it."""
        file = self._staged(connection, opened)
        with connected(connection) as another:
            assert another.release(file) is True
        assert connection.seen()[file.name] == file.data

    def test_where_a_file_is(self, connection: InputCase, opened: InputAdapter) -> None:
        """R77: staged, there; and of one of which nothing is there nobody knows."""
        file = self._staged(connection, opened)
        with connected(connection) as another:
            assert another.where(file) is Whereabouts.STAGED
            opened.release(file)
            assert another.where(file) is Whereabouts.THERE
            assert another.where(another.render(self._batch(connection, 8))) is Whereabouts.GONE

    def test_a_place_that_was_not_adopted_is_another(self, connection: InputCase, opened: InputAdapter) -> None:
        """R77: the empty folder of a share that is not mounted takes nothing, and says of nothing that it is gone."""
        file = opened.render(self._batch(connection))
        for verb in (opened.stage, opened.release, opened.where):
            with pytest.raises(Unavailable):
                verb(file)
        assert connection.seen() == {}

    def test_what_is_discarded_does_not_leave(self, connection: InputCase, opened: InputAdapter) -> None:
        """And may be discarded again."""
        file = self._staged(connection, opened)
        opened.discard(file)
        opened.discard(file)
        assert opened.release(file) is False
        assert connection.seen() == {}

    def test_the_same_file_may_be_put_again(self, connection: InputCase, opened: InputAdapter) -> None:
        """Over itself: the same bytes under the same name are the same file."""
        file = self._staged(connection, opened)
        opened.release(file)
        before = connection.seen()
        opened.stage(file)
        assert opened.release(file) is True
        assert connection.seen() == before

    def test_another_file_of_the_name_stays_as_it_is(self, connection: InputCase, opened: InputAdapter) -> None:
        """Neither staging nor releasing puts anything over what is somebody else's."""
        file = self._staged(connection, opened)
        connection.disturb(file.name, b"somebody else's")
        for verb in (opened.stage, opened.release):
            with pytest.raises(Rejected) as refusal:
                verb(file)
            assert refusal.value.code == "taken"
        assert connection.seen() == {file.name: b"somebody else's"}

    def test_unreachable_is_unavailable(self, connection: InputCase) -> None:
        """Nothing happened, and the same may be done again."""
        if connection.unreachable is None:
            pytest.skip("the case gives no `unreachable` opening")
        with connected(connection, connection.unreachable) as far:
            file = far.render(self._batch(connection))
            for verb in (far.stage, far.release):
                with pytest.raises(Unavailable):
                    verb(file)

    def _batch(self, case: InputCase, sequence: int = 7) -> InputBatch:
        return InputBatch(sequence, _DAY, [case.good, case.other])

    def _staged(self, case: InputCase, far: InputAdapter) -> InputFile:
        file = far.render(self._batch(case))
        far.adopt()
        far.stage(file)
        return file
