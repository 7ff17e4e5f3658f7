"""clock_test.py HEADROOM WORKER PROGRAM LIBRARY SANITIZED: the clock of the day may jump or stand still; nothing waits by it, and what
was recorded then is what is recorded always."""
from bench import Bench, Command, main
import commands

MODES = ("forward", "back", "still")
STILL = "2001-09-09"  # the day on which it stands still
BUDGET = ('[[budget]]\nmodel = "bert-base"\nattention = "mha"\n'
          'peak = { fail = 1, exception = { fail = 20000, reason = "a test", expires = %s } }\n')


class Clock(Bench):
    def test_results_do_not_depend_on_it(self):
        for command in commands.ALL:
            reference = self.reference(command)
            for mode in MODES:
                reference.again()
                ended = reference.place.run(FAULTS_CLOCK=mode)
                self.expect(f"{command.name}: {mode}: {ended}", "" if reference.is_result(ended) else "it differs", reference.damage())

    def test_an_exception_holds_to_the_end_of_its_day_by_whatever_the_clock_says(self):
        place = self.place(Command("check", ["check", "budgets.toml"]))
        for day, mode, code in ((STILL, "still", 0), ("2001-09-08", "still", 1), (STILL, "", 1), ("9999-12-31", "forward", 0)):
            (place.work / "budgets.toml").write_text(BUDGET % day)
            self.assertEqual(place.run(FAULTS_CLOCK=mode).code, code, (day, mode))

    def test_progress_and_waiting_go_by_the_steady_clock(self):
        command = Command("compare", [*commands.COMPARE.words(False), "--progress", "lines"], variables={"HEADROOM_FAKE": "mqa=slow"})
        place = self.place(command)
        for mode in MODES:
            ended = place.run(FAULTS_CLOCK=mode)
            self.assertEqual(ended.code, 0, ended)
            self.assertIn(b'"phase":"forward"', ended.err)


if __name__ == "__main__":
    main()
