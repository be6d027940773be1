"""A release of the sample project in every format, read by the libraries that people will read it with."""

import csv
import json
import math
import shutil
from pathlib import Path

import ir_measures
import jsonschema
import pandas as pd
import pyarrow.parquet as pq
import pytest
from django.db import connection
from ir_measures import AP, nDCG
from sklearn.datasets import load_svmlight_file

from exchange.datasets.writers.formats import FORMATS
from tests.exchange.releasing import compare_some, grade_criteria, judge_all, make_judge, read_lines, release

pytestmark = pytest.mark.django_db  # so that the database is there for the release, which all of them read
SCHEMAS = Path(__file__).parent / "schemas"


@pytest.fixture(scope="module")
def made(django_db_setup, django_db_blocker, tmp_path_factory) -> Path:
    """The folder of a release of the sample project in every format; the project is gone again."""
    from django.test.utils import override_settings

    from config.sample import load_sample
    from corpus.deleting import delete_project
    from corpus.models import Item, User
    from judges.models import Engine

    folder = tmp_path_factory.mktemp("libraries")
    with django_db_blocker.unblock(), override_settings(FILES=folder / "files"):
        owner = User.objects.create_user("owner of the sample")
        project, _ = load_sample(by=owner)
        judge = make_judge(project)
        judge_all(judge)
        compare_some(project)
        grade_criteria(project, list(Item.objects.for_project(project).single().in_order()[:100]))
        whole = release(project, *FORMATS, judge=judge.pk, negatives=3, train=50, dev=25, with_reasons=True)
        shutil.copytree(whole.folder, folder / "release")
        delete_project(project)
        Engine.objects.all().delete()
        owner.delete()
        with connection.cursor() as cursor:  # what was done stays written down, but not for other tests
            cursor.execute("TRUNCATE corpus_auditentry")
    return folder / "release"


@pytest.fixture
def load(made, tmp_path, monkeypatch):
    """`datasets.load_dataset` of one of the formats, as the card names it."""
    import datasets

    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    datasets.disable_progress_bars()

    def load_format(name: str):
        return datasets.load_dataset(str(made), name, cache_dir=str(tmp_path / "cache"))

    return load_format


COLUMNS = {
    "triplet": ["anchor", "positive", "negative"],
    "n-tuple": ["anchor", "positive", "negative_1", "negative_2", "negative_3"],
    "n-tuple-scores": ["anchor", "positive", "negative_1", "negative_2", "negative_3", "scores"],
    "labelled-pair": ["anchor", "document", "label"],
    "labelled-pair-scores": ["anchor", "document", "score"],
    "labelled-list": ["anchor", "documents", "labels"],
    "labelled-list-scores": ["anchor", "documents", "scores"],
    "flagembedding": ["query", "pos", "neg"],
    "flagembedding-scores": ["query", "pos", "neg", "pos_scores", "neg_scores"],
    "tevatron": ["query_id", "query", "positive_passages", "negative_passages"],
    "tevatron-scores": ["query_id", "query", "positive_passages", "negative_passages"],
    "tevatron-listwise": ["query_id", "query", "passages", "scores"],
    "preference": ["prompt", "chosen", "rejected", "query_id", "chosen_id", "rejected_id"],
    "preference-grades": ["prompt", "chosen", "rejected", "margin", "query_id", "chosen_id", "rejected_id"],
    "binary": ["prompt", "completion", "label"],
    "criteria": [
        *("prompt", "response", "helpfulness", "correctness", "coherence", "complexity", "verbosity"),
    ],
    "listwise": ["query_id", "query", "passages", "permutation", "messages"],
}


@pytest.mark.parametrize("name", COLUMNS)
def test_datasets_loads_each_training_format_by_its_name(name, load, made):
    found = load(name)
    for split, rows in found.items():
        path = next(made.glob(f"{name}/{split}.jsonl"))
        assert rows.column_names == COLUMNS[name]
        assert len(rows) == len(path.read_text().splitlines()) > 0
    assert "test" in found or not FORMATS[name].evaluates
    assert "test" not in found or FORMATS[name].evaluates


def test_datasets_loads_the_table_itself(load, made):
    table = load("table")["table"]
    assert len(table) == len(read_lines(made / "table.jsonl"))
    assert set(table.unique("split")) == {"train", "dev", "test"}


def test_binary_labels_are_truths_and_scores_numbers(load):
    assert str(load("binary")["train"].features["label"].dtype) == "bool"
    assert load("n-tuple-scores")["train"].features["scores"].feature.dtype == "float64"


def test_pandas_and_pyarrow_read_the_same_table(made):
    frame = pd.read_parquet(made / "table.parquet")
    table = pq.read_table(made / "table.parquet")
    lines = pd.DataFrame(read_lines(made / "table.jsonl"))
    assert frame.shape == (table.num_rows, table.num_columns) == lines.shape
    assert list(frame["candidate_id"]) == list(lines["candidate_id"])
    assert frame["grade"].dropna().between(0, 3).all()
    assert table.schema.field("grade").type == "int16"


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("flagembedding", "flagembedding"),
        ("flagembedding-scores", "flagembedding"),
        ("tevatron", "tevatron"),
        ("tevatron-scores", "tevatron"),
        ("tevatron-listwise", "tevatron-listwise"),
    ],
)
def test_lines_are_as_the_other_projects_describe_them(name, schema, made):
    validator = jsonschema.Draft202012Validator(json.loads((SCHEMAS / f"{schema}.json").read_text()))
    lines = [line for path in made.glob(f"{name}/*.jsonl") for line in read_lines(path)]
    assert lines
    for line in lines:
        assert [error.message for error in validator.iter_errors(line)] == []
        if "pos_scores" in line:
            assert len(line["pos_scores"]) == len(line["pos"])
            assert len(line["neg_scores"]) == len(line["neg"])
        if "scores" in line:
            assert len(line["scores"]) == len(line["passages"])
        if name == "tevatron-scores":
            assert all("score" in each for each in line["positive_passages"] + line["negative_passages"])


def test_a_broken_line_fails_the_schema():
    validator = jsonschema.Draft202012Validator(json.loads((SCHEMAS / "flagembedding.json").read_text()))
    assert not validator.is_valid({"query": "q", "pos": ["a"], "neg": []})
    assert not validator.is_valid({"query": "q", "pos": ["a"], "neg": ["b"], "pos_scores": [1.0]})


def test_ir_measures_evaluates_the_judge_on_the_test_split(made):
    qrels = list(ir_measures.read_trec_qrels(str(made / "qrels/test.txt")))
    run = list(ir_measures.read_trec_run(str(made / "run/test.txt")))
    found = ir_measures.calc_aggregate([nDCG @ 10, AP(rel=2)], qrels, run)
    # the made-up judge leans exactly as people grade, so it ranks as they do
    assert found[nDCG @ 10] == pytest.approx(1.0)
    assert found[AP(rel=2)] == pytest.approx(1.0)


def test_beirs_qrels_and_trecs_say_the_same(made):
    corpus = {line["_id"] for line in read_lines(made / "beir/corpus.jsonl")}
    queries = {line["_id"] for line in read_lines(made / "beir/queries.jsonl")}
    assert len(corpus) == len(read_lines(made / "beir/corpus.jsonl"))
    for split in ("train", "dev", "test"):
        with (made / f"beir/qrels/{split}.tsv").open(newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t"))
        assert {row["corpus-id"] for row in rows} <= corpus
        assert {row["query-id"] for row in rows} <= queries
        qrels = [
            (qrel.query_id, qrel.doc_id, qrel.relevance)
            for qrel in ir_measures.read_trec_qrels(str(made / f"qrels/{split}.txt"))
        ]
        assert [(row["query-id"], row["corpus-id"], int(row["score"])) for row in rows] == qrels


def test_scikit_learn_reads_grades_features_and_queries(made):
    features, grades, queries = load_svmlight_file(str(made / "ltr/train.txt"), query_id=True)
    lines = (made / "ltr/train.txt").read_text().splitlines()
    assert features.shape == (len(lines), 6)
    assert set(grades) <= {0, 1, 2, 3}
    assert len(set(queries)) == len({line.rpartition("#")[2].split()[0] for line in lines})
    assert (made / "ltr/features.txt").read_text().count("\n") == 6


def test_margins_are_differences_of_log_odds(made):
    table = {(row["query_id"], row["candidate_id"]): row for row in read_lines(made / "table.jsonl")}
    with (made / "margin-mse/train.tsv").open(newline="") as file:
        rows = list(csv.reader(file, delimiter="\t"))
    assert rows
    for positive, negative, query, better, worse in rows:
        assert float(positive) == table[query, better]["log_odds"]
        assert float(negative) == table[query, worse]["log_odds"]
        assert table[query, better]["grade"] >= 2 > table[query, worse]["grade"]


def test_probabilities_are_those_of_the_judge(made):
    by_text = {}
    for row in read_lines(made / "table.jsonl"):
        by_text[row["query"], " ".join(filter(None, (row["title"], row["candidate"])))] = row["score"]
    lines = read_lines(made / "labelled-pair-scores/train.jsonl")
    assert lines
    for line in lines:
        assert math.isclose(line["score"], by_text[line["anchor"], line["document"]], rel_tol=1e-9)


@pytest.mark.model
@pytest.mark.filterwarnings("ignore")  # of the training libraries
def test_a_short_training_with_the_triplets_lowers_the_loss(load, tmp_path, monkeypatch):
    """A bag of word vectors, drawn at random and trained for a few seconds on the processor."""
    import torch
    from sentence_transformers import (
        SentenceTransformer,
        SentenceTransformerTrainer,
        SentenceTransformerTrainingArguments,
    )
    from sentence_transformers.losses import MultipleNegativesRankingLoss
    from sentence_transformers.models import StaticEmbedding
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    triplets = load("triplet")["train"]
    tokenizer = Tokenizer(models.WordLevel(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    texts = [text for row in triplets for text in row.values()]
    tokenizer.train_from_iterator(texts, trainers.WordLevelTrainer(special_tokens=["[UNK]"]))
    torch.manual_seed(1)
    model = SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_dim=32)], device="cpu")
    trainer = SentenceTransformerTrainer(
        model=model,
        args=SentenceTransformerTrainingArguments(
            output_dir=str(tmp_path / "model"),
            num_train_epochs=3,
            per_device_train_batch_size=16,
            per_device_eval_batch_size=16,
            learning_rate=0.05,
            use_cpu=True,
            report_to="none",
            save_strategy="no",
            logging_strategy="no",
            disable_tqdm=True,
            seed=1,
        ),
        train_dataset=triplets,
        eval_dataset=triplets,
        loss=MultipleNegativesRankingLoss(model),
    )
    before = trainer.evaluate()["eval_loss"]
    trainer.train()
    after = trainer.evaluate()["eval_loss"]
    assert after < before / 2, (before, after)
