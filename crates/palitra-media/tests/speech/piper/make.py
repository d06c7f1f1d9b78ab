"""Makes the tests' voice of Piper and the tables it is held against: `python make.py` in this folder.

tones.onnx        a net with a voice's inputs and output that says each phoneme id as so many samples of its own level, so
                  that a test can read the ids back from the sound (onnx 1.23.2, opset 15 as Piper's own voices)
tones.onnx.json   its description, with the phoneme map that Piper's voices share (piper-tts 1.8.0)
ids.tsv           language, text, the phonemes of each clause, ids of each sentence, all by piper-tts 1.8.0
"""

import json

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from piper import espeakbridge
from piper.phoneme_ids import DEFAULT_PHONEME_ID_MAP, phonemes_to_ids
from piper.phonemize_espeak import EspeakPhonemizer

# Samples per phoneme at the usual speed: eight of these.
WAVE = np.tile(np.array([0.9, -0.9], np.float32), 64).reshape(1, 1, 128)
SYMBOLS = 256


def constant(name, values):
    return numpy_helper.from_array(np.array(values), name)


def net():
    node = helper.make_node
    nodes = [
        # [1, ids] to a level for each id: [ids, 1, 1].
        node("Cast", ["input"], ["levels"], to=TensorProto.FLOAT),
        node("Reshape", ["levels", "column"], ["levels_column"]),
        node("Div", ["levels_column", "symbols"], ["level"]),
        node("Mul", ["level", "wave"], ["once"]),
        # Eight waves at length 1.
        node("Gather", ["scales", "second"], ["length"], axis=0),
        node("Mul", ["length", "eight"], ["times"]),
        node("Cast", ["times"], ["times_whole"], to=TensorProto.INT64),
        node("Concat", ["one", "times_whole", "one"], ["shape"], axis=0),
        node("Expand", ["once", "shape"], ["repeated"]),
        node("Reshape", ["repeated", "row"], ["clean"]),
        # Noise as in VITS.
        node("RandomNormalLike", ["clean"], ["normal"]),
        node("Gather", ["scales", "first"], ["noise"], axis=0),
        node("Mul", ["normal", "noise"], ["scaled"]),
        node("Mul", ["scaled", "little"], ["added"]),
        node("Add", ["clean", "added"], ["output"]),
    ]
    constants = [
        constant("column", np.array([-1, 1, 1], np.int64)),
        constant("row", np.array([1, 1, 1, -1], np.int64)),
        constant("symbols", np.array([SYMBOLS], np.float32)),
        constant("wave", WAVE),
        constant("first", np.array([0], np.int64)),
        constant("second", np.array([1], np.int64)),
        constant("one", np.array([1], np.int64)),
        constant("eight", np.array([8], np.float32)),
        constant("little", np.array([0.001], np.float32)),
    ]
    inputs = [
        helper.make_tensor_value_info("input", TensorProto.INT64, ["batch_size", "phonemes"]),
        helper.make_tensor_value_info("input_lengths", TensorProto.INT64, ["batch_size"]),
        helper.make_tensor_value_info("scales", TensorProto.FLOAT, [3]),
    ]
    output = helper.make_tensor_value_info("output", TensorProto.FLOAT, ["batch_size", "time", 1, "samples"])
    graph = helper.make_graph(nodes, "tones", inputs, [output], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)
    onnx.checker.check_model(model)
    return model


DESCRIPTION = {
    "audio": {"sample_rate": 16000, "quality": "tones"},
    "espeak": {"voice": "en-us"},
    "inference": {"noise_scale": 0.667, "length_scale": 1, "noise_w": 0.8},
    "phoneme_type": "espeak",
    "num_symbols": SYMBOLS,
    "num_speakers": 1,
    "speaker_id_map": {},
    "piper_version": "1.0.0",
    "phoneme_id_map": {phoneme: ids for phoneme, ids in DEFAULT_PHONEME_ID_MAP.items() if len(phoneme) == 1},
}

TEXTS = [
    ("en-us", "apple"),
    ("en-us", "Hello, world! How are you?"),
    ("en-us", "It costs 3.5 dollars; take it: now."),
    ("en-us", "Wait — what?! \"Yes.\" (No.) The end"),
    ("en-us", "He left, e.g. for Rome. Then we did."),
    ("en-us", "naïve café"),
    ("ru", "Привет, как дела? Хорошо."),
    ("ru", "Слово apple значит яблоко."),
    ("ru", "Ёж — это зверь; «да»!"),
    ("kk", "Сәлем, бұл менің үйім."),
    ("de", "Guten Morgen! Wie geht es dir, mein Freund?"),
    ("fr", "Bonjour: ça va bien?"),
    ("es", "¿Qué hora es? Son las dos."),
    ("uk", "Їжак і його діти."),
]


def table():
    phonemizer = EspeakPhonemizer()
    for voice, text in TEXTS:
        espeakbridge.set_voice(voice)
        clauses = [phonemes for phonemes, _, _ in espeakbridge.get_phonemes(text)]
        sentences = phonemizer.phonemize(voice, text)
        ids = [phonemes_to_ids(sentence, DESCRIPTION["phoneme_id_map"]) for sentence in sentences]
        yield "\t".join([voice, text, "|".join(clauses), "|".join(" ".join(map(str, one)) for one in ids)])


onnx.save(net(), "tones.onnx")
with open("tones.onnx.json", "w", encoding="utf-8") as file:
    json.dump(DESCRIPTION, file, ensure_ascii=False, indent=1)
    file.write("\n")
with open("ids.tsv", "w", encoding="utf-8") as file:
    file.write("".join(row + "\n" for row in table()))
