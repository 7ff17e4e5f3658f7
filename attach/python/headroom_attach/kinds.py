"""What kind of layer a module is, guessed from its class and from the name it has in its parent."""
import re

PATTERNS = [
    ("loss", re.compile(r"loss|criterion", re.I)),
    ("norm", re.compile(r"norm|^ln(_?\w+)?$|^bn\d*$", re.I)),
    ("embedding", re.compile(r"embed|^wte$|^wpe$", re.I)),
    ("attention", re.compile(r"attention|attn", re.I)),
    ("ffn", re.compile(r"mlp|ffn|feed_?forward|^intermediate$|MoE|expert", re.I)),
    ("head", re.compile(r"head$|^classifier$|^lm_head$|^pooler$|^fc$|^qa_outputs$|^predictions$", re.I)),
    ("block", re.compile(r"block|(encoder|decoder)layer$|layer$|bottleneck", re.I)),
    ("stack", re.compile(r"encoder|decoder|model$|transformer|backbone|ModuleList|Sequential", re.I)),
]


def kind_of(class_name, name):
    """A class says more than an attribute; `3` in a list of layers says nothing."""
    for kind, pattern in PATTERNS:
        if pattern.search(class_name):
            return kind
    for kind, pattern in PATTERNS:
        if name and not name.isdigit() and pattern.search(name):
            return kind
    return "other"
