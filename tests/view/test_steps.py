"""Steps stand under the stage they belong to."""

from jupyter_azureml_image.events import (
    RunStarted,
    StageEnded,
    StageStarted,
    StepEnded,
    StepStarted,
)
from jupyter_azureml_image.view.fold import State, fold_all
from jupyter_azureml_image.view.text import lines

STORY = (
    RunStarted("1", "iris"),
    StageStarted("build"),
    StepStarted("1", "RUN pip install numpy", 2),
    StepEnded("1", "done", 3.0),
    StageEnded("build", "done", 3.0, "Built iris:1."),
    StageStarted("rehearse"),
    StepStarted("r", "post the sample to /score"),
    StepEnded("r", "done", 0.1),
    StageEnded("rehearse", "done", 0.2, "The sample was answered."),
)


def test_a_rehearsals_steps_stand_under_the_rehearsal():
    told = [line.strip() for line in lines(fold_all(State(), STORY))]
    place = {
        word: next(i for i, line in enumerate(told) if word in line)
        for word in ("build done", "RUN pip", "rehearse done", "post the sample")
    }
    assert list(place) == sorted(place, key=place.get)
