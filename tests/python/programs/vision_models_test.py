"""torchvision's ResNet-50, whose convolutions NVIDIA's cuDNN plans, with batches from worker processes."""
import unittest

from run_support import HERE, RunTest


class VisionModels(RunTest):
    def test_resnet50(self):
        result = self.headroom_run(HERE / "vision_model.py")
        self.assertLayersAreModules(result, self.assertTellsWhatTheProgramKnows(result))

    def test_resnet50_with_channels_last(self):
        self.assertTellsWhatTheProgramKnows(self.headroom_run(HERE / "vision_model.py", "--channels-last", "--workers", "0"))


if __name__ == "__main__":
    unittest.main()
