import pytest
import torch

from course_lib.checkpoints import checkpoint
from course_lib.classifier import MeanClassifier
from course_lib.experiments import label_curve
from course_lib.experiments.label_curve import Articles, learn, model_of, topic_accuracy


@pytest.fixture(scope="module")
def articles():
    return Articles("validation")


@pytest.fixture
def short(monkeypatch):
    monkeypatch.setattr(label_curve, "SEEN", {25: 64})


@pytest.fixture
def taken(monkeypatch):
    """Pairs of the size of a batch and the learning rate of its step; nothing is trained."""
    found = []

    def take_steps(model, batches, loss_of, optimizer, schedule, clip):
        for batch in batches:
            found.append((len(batch["labels"]), optimizer.param_groups[0]["lr"]))
            optimizer.step()
            schedule.step()

    monkeypatch.setattr(label_curve, "take_steps", take_steps)
    return found


def test_articles_have_a_topic_each_and_at_most_so_many_tokens(articles):
    assert len(articles.topics) == 11
    assert "Uncategorized" not in articles.topics
    assert articles.ids.shape == articles.mask.shape == (len(articles.labels), label_curve.TOKENS)
    assert set(articles.labels.tolist()) == set(range(11))


def test_a_frozen_encoder_learns_the_same_head_from_stored_vectors(articles, short):
    """The head is trained on vectors computed once; the encoder must be as it was, and the logits those of a pass."""
    model = learn("head", articles, 25, seed=0)
    plain = MeanClassifier.from_pretrained(checkpoint("minilm"), num_labels=11)
    for name, weight in plain.bert.state_dict().items():
        assert torch.equal(weight, model.bert.state_dict()[name])
    batch = articles.batch(torch.arange(4))
    with torch.no_grad():
        features = model.vectors(batch["input_ids"], batch["attention_mask"])
        torch.testing.assert_close(model(features=features).logits, model(**batch).logits)


def test_the_same_seed_gives_the_same_model_and_another_gives_another(articles, short):
    first, second, third = (learn("full", articles, 25, seed).classifier.weight for seed in (0, 0, 1))
    torch.testing.assert_close(first, second)
    assert not torch.allclose(first, third, atol=1e-3)


def test_methods_train_what_they_say():
    trained = {
        method: sum(weight.numel() for weight in model_of(method, 11, 0).parameters() if weight.requires_grad)
        for method in label_curve.METHODS
    }
    assert trained["head"] == 11 * 384 + 11
    assert trained["full"] == trained["scratch"] > 22e6
    squares, steep = 4 * (384 + 384), 2 * (384 + 1536)  # of a layer: to a rank and from it, width 384, inside 1536
    assert trained["lora"] == trained["head"] + 6 * 16 * (squares + steep), "rank 16 in six layers"


def test_up_to_200_labels_a_batch_has_16_articles_and_then_32(articles, taken):
    for size, many in ((200, 16), (201, 32)):
        taken.clear()
        learn("full", articles, size, seed=0)
        sizes = [size for size, _ in taken]
        assert set(sizes[:-1]) == {many}
        assert sum(sizes) == label_curve.examples(size)


def test_the_rate_rises_for_a_tenth_of_the_steps_and_falls_linearly_to_0(articles, taken):
    learn("full", articles, 200, seed=0, learning_rate=1.0)
    rates = [rate for _, rate in taken]
    assert len(rates) == 2400 / 16 == 150
    assert rates[15] == pytest.approx(1)
    assert rates[:16] == pytest.approx([(step + 1) / 16 for step in range(16)])
    assert rates[15:] == pytest.approx([(150 - step) / 135 for step in range(15, 150)])


def test_copied_layers_are_those_of_the_pretrained_model_and_the_rest_is_not():
    pretrained = MeanClassifier.from_pretrained(checkpoint("minilm"), num_labels=11).bert
    scratch = model_of("scratch", 11, 0).bert
    half = model_of("scratch", 11, 0, copied=3).bert
    words = "embeddings.word_embeddings.weight"
    assert torch.equal(half.get_parameter(words), pretrained.get_parameter(words))
    for layer in range(6):
        name = f"encoder.layer.{layer}.attention.self.query.weight"
        source = pretrained if layer < 2 else scratch
        assert torch.equal(half.get_parameter(name), source.get_parameter(name)), layer


def test_accuracy_is_the_share_of_right_answers(articles):
    class Always(torch.nn.Module):
        def forward(self, input_ids, attention_mask):
            return type("Output", (), {"logits": torch.eye(11)[torch.full((len(input_ids),), 7)]})

    assert topic_accuracy(Always(), articles) == pytest.approx((articles.labels == 7).double().mean().item())


@pytest.mark.parametrize("size", [1, 25, 100, 1000, 9000])
def test_any_number_of_labels_has_a_number_of_examples_that_grows_with_it(size):
    assert label_curve.examples(size) >= label_curve.SEEN[25]
    assert label_curve.examples(size) <= label_curve.examples(size + 1) <= label_curve.SEEN[8000]


def test_between_two_sizes_examples_are_in_proportion_to_the_logarithm():
    """The middle between 75 and 200 is √(75 · 200) = 122.5 labels; there stands the mean of 1500 and 2400, 1950."""
    assert 1945 < label_curve.examples(122) < 1950 < label_curve.examples(123) < 1955


def test_sizes_that_were_recorded_keep_their_examples():
    assert {size: label_curve.examples(size) for size in label_curve.SIZES} == label_curve.SEEN


def test_a_number_of_labels_of_the_readers_own_is_answered_or_explained(articles, monkeypatch):
    monkeypatch.setattr(label_curve, "SEEN", {25: 32, 200: 64})
    assert 0 <= topic_accuracy(learn("head", articles, 100, seed=0), articles) <= 1
    with pytest.raises(ValueError, match=f"size is 1000000. Expected a whole number from 1 to {len(articles.ids):,}"):
        learn("head", articles, 10**6, seed=0)
    with pytest.raises(ValueError, match="size is 0. Expected a whole number from 1"):
        learn("head", articles, 0, seed=0)
    with pytest.raises(ValueError, match="The methods are: full, lora, head, scratch"):
        learn("prompting", articles, 25, seed=0)
