"""An encoder with the mean of its words' vectors and one linear layer on top: the classifier of chapter 03.

MiniLM was trained so that the mean of its last vectors stands for the text (Reimers and Gurevych 2019). The head that
Transformers puts on a BERT reads the vector of [CLS] instead, which this checkpoint never learnt to use; chapter 03
measures what that costs.
"""

from __future__ import annotations

import torch
from transformers import BertModel, BertPreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput


class MeanClassifier(BertPreTrainedModel):
    """Text to one of `config.num_labels` classes; opens and saves like every model of Transformers."""

    def __init__(self, config) -> None:
        """Random weights; `from_pretrained` fills in those of the encoder."""
        super().__init__(config)
        self.bert = BertModel(config, add_pooling_layer=False)
        self.classifier = torch.nn.Linear(config.hidden_size, config.num_labels)
        self.post_init()

    def vectors(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """The mean of the vectors of each text's words, without those of padding: (batch, token) to (batch, width).

        Raises ValueError for a text that is padding only, which has no mean.
        """
        if input_ids.shape != attention_mask.shape or not attention_mask.any(-1).all():
            raise ValueError(
                "input_ids and attention_mask are (batch, token), with one token or more in each text; given: "
                f"{tuple(input_ids.shape)} and {tuple(attention_mask.shape)}, {attention_mask.sum(-1).tolist()[:5]} "
                "tokens. Leave out texts without words."
            )
        words = self.bert(input_ids, attention_mask=attention_mask).last_hidden_state  # (batch, token, width)
        real = attention_mask[..., None].to(words.dtype)  # (batch, token, 1): 0 for padding
        return (words * real).sum(1) / real.sum(1)

    def forward(self, input_ids=None, attention_mask=None, labels=None, features=None, **ignored):
        """input_ids, attention_mask: (batch, token); labels: (batch,). `features` instead of text: (batch, width).

        Returns logits (batch, class), and the mean cross-entropy in nats as `loss` where labels are given.
        """
        if features is None and (input_ids is None or attention_mask is None):
            raise ValueError("give input_ids and attention_mask, or features.")
        features = self.vectors(input_ids, attention_mask) if features is None else features  # (batch, width)
        logits = self.classifier(features)  # (batch, class)
        loss = None if labels is None else torch.nn.functional.cross_entropy(logits, labels)
        return SequenceClassifierOutput(loss=loss, logits=logits)
