"""The detection protocols against exact published figures, a slow reference, and themselves."""

from __future__ import annotations

import json
import random
import zipfile
from fractions import Fraction

import numpy as np
import pytest

from ocrdata.errors import AnnotationError
from ocrdata.metrics.detection import evaluate_detection, match_all
from ocrdata.metrics.detection_files import read_results, read_truth
from ocrdata.metrics.detection_lines import Boxes, Format
from ocrdata.metrics.detection_score import total_score
from ocrdata.metrics.deteval import match_rectangles
from ocrdata.metrics.overlap import shared_areas

IC15 = "icdar2015_gt/gt.zip"
PIXELLINK = "icdar2015_results/pixellink_ic15_result.zip"
IC13 = "icdar2013_gt/gt_IC13.zip"


# --- a slow reference, in exact fractions, written from the description of the protocol ----------


def exact_area(points):
    total = Fraction(0)
    for (x, y), (u, v) in zip(points, points[1:] + points[:1]):
        total += x * v - u * y
    return abs(total) / 2


def keep_inside(points, a, b):
    """Cuts a polygon along the line from a to b, keeping what lies on its right (y down)."""

    def side(p):
        return (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])

    kept = []
    for p, q in zip(points, points[1:] + points[:1]):
        if side(p) >= 0:
            kept.append(p)
        if side(p) * side(q) < 0:
            t = side(p) / (side(p) - side(q))
            kept.append((p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])))
    return kept


def exact_shared(first, second):
    points = first
    for a, b in zip(second, second[1:] + second[:1]):
        if points:
            points = keep_inside(points, a, b)
    return exact_area(points) if points else Fraction(0)


def test_the_commands_offer_every_protocol():
    from ocrdata.cli import options
    from ocrdata.metrics import detection

    assert options.DETECTION_PROTOCOLS == tuple(detection.PROTOCOLS)


def upright(rng, count):
    corner = rng.integers(0, 60, (count, 2))
    return np.concatenate([corner, corner + rng.integers(5, 40, (count, 2))], 1).tolist()


def box_overlap(one, other):
    low, high = np.maximum(one[:2], other[:2]), np.minimum(one[2:], other[2:])
    shared = np.prod(np.maximum(high - low, 0))
    areas = [np.prod(np.subtract(box[2:], box[:2])) for box in (one, other)]
    return shared / (sum(areas) - shared)


def upright_boxes(rows):
    found = Boxes()
    for left, top, right, bottom in rows:
        found.add(np.array([[left, top], [right, top], [right, bottom], [left, bottom]]))
    return found


def test_the_inflated_figures_are_those_of_the_original():
    rng = np.random.default_rng(4)
    truth = {key: upright(rng, rng.integers(1, 6)) for key in "abcde"}
    found = {key: upright(rng, 12) + truth["a" if key == "b" else key] for key in "abcd"}
    given = [{key: upright_boxes(rows) for key, rows in each.items()} for each in (truth, found)]
    matches = match_all(*given, "deeptext-mindspore")
    assert list(matches) == list("abcd")  # the last batch is not full
    for key, near in zip("abcd", ("ab", "ab", "cd", "cd")):
        texts = [box for picture in near for box in truth[picture]]
        right = [
            k for k, b in enumerate(found[key]) if max(box_overlap(b, t) for t in texts) >= 0.5
        ]
        assert [place for _, place in matches[key].pairs] == right
        assert matches[key].truths == len(truth[key])
        assert matches[key].detections == len(found[key])
    twice = {key: upright_boxes(rows * 2) for key, rows in truth.items()}
    score = total_score(match_all(given[0], twice, "deeptext-mindspore"), "x", 0, None, Format())
    assert score.precision == 1.0 and score.recall == 2.0


def crossing(a, b, c, d):
    """Returns where the segments ab and cd cross, between their ends; None where they do not."""
    dx, dy, ex, ey = b[0] - a[0], b[1] - a[1], d[0] - c[0], d[1] - c[1]
    turn = dx * ey - dy * ex
    if not turn:
        return None
    s = ((c[0] - a[0]) * ey - (c[1] - a[1]) * ex) / turn
    t = ((c[0] - a[0]) * dy - (c[1] - a[1]) * dx) / turn
    return (a[0] + s * dx, a[1] + s * dy) if 0 < s < 1 and 0 < t < 1 else None


def convex_parts(quad):
    """The quad itself, or the two triangles of one whose sides cross, clockwise (y down)."""
    a, b, c, d = quad
    parts = [quad]
    for (p, q), (r, s), loops in (((a, b), (c, d), "bc"), ((b, c), (d, a), "ab")):
        middle = crossing(p, q, r, s)
        if middle:
            # ab and cd cross: b, c lie on one side; bc and da cross: a, b do.
            parts = [[middle, b, c], [middle, d, a]] if loops == "bc" else [
                [middle, a, b], [middle, c, d]]  # fmt: skip
    turned = [
        sum(p[0] * q[1] - q[0] * p[1] for p, q in zip(one, one[1:] + one[:1])) for one in parts
    ]
    return [one if turn > 0 else one[::-1] for one, turn in zip(parts, turned)]


def covered(quad):
    return sum(exact_area(part) for part in convex_parts(quad))


def overlap(first, second):
    parts = convex_parts(first), convex_parts(second)
    return sum((exact_shared(a, b) for a in parts[0] for b in parts[1]), Fraction(0))


def slow_iou_protocol(truths, ignored, found):
    """Ground truth in order takes the first free detection above one half; all in fractions."""
    half, pairs, taken = Fraction(1, 2), [], set()
    skipped = {
        j
        for j, box in enumerate(found)
        for truth, skip in zip(truths, ignored)
        if skip and covered(box) and overlap(box, truth) / covered(box) > half
    }
    for i, truth in enumerate(truths):
        for j, box in enumerate(found):
            if ignored[i] or j in taken or j in skipped:
                continue
            shared = overlap(truth, box)
            union = covered(truth) + covered(box) - shared
            if union and shared / union > half:
                pairs.append((i, j))
                taken.add(j)
                break
    return pairs, len(truths) - sum(ignored), len(found) - len(skipped)


def random_quad(rng):
    """A convex quad with whole corners, clockwise: one corner on each side of a rectangle."""
    x, y, w, h = rng.randint(0, 60), rng.randint(0, 40), rng.randint(2, 30), rng.randint(2, 20)
    top, right = x + rng.randint(0, w), y + rng.randint(0, h)
    bottom, left = x + rng.randint(0, w), y + rng.randint(0, h)
    return [(top, y), (x + w, right), (bottom, y + h), (x, left)]


def shifted(rng, quad):
    dx, dy = rng.randint(-3, 3), rng.randint(-2, 2)
    return [(x + dx, y + dy) for x, y in quad]


def boxes_of(quads, ignored=None):
    boxes = Boxes()
    for place, quad in enumerate(quads):
        boxes.add(quad, bool(ignored and ignored[place]))
    return boxes


def in_fractions(quads):
    return [[(Fraction(x), Fraction(y)) for x, y in quad] for quad in quads]


@pytest.mark.parametrize("seed", range(6))
def test_iou_protocol_equals_the_slow_reference(seed):
    rng = random.Random(seed)
    truths, found, expected = {}, {}, {}
    for picture in range(20):
        quads = [random_quad(rng) for _ in range(rng.randint(0, 6))]
        ignored = [rng.random() < 0.3 for _ in quads]
        guesses = [shifted(rng, quad) for quad in quads if rng.random() < 0.8]
        guesses += [random_quad(rng) for _ in range(rng.randint(0, 3))]
        key = str(picture)
        truths[key], found[key] = boxes_of(quads, ignored), boxes_of(guesses)
        expected[key] = slow_iou_protocol(in_fractions(quads), ignored, in_fractions(guesses))
    got = match_all(truths, found)
    assert {key: (m.pairs, m.truths, m.detections) for key, m in got.items()} == expected
    assert any(pairs for pairs, _, _ in expected.values())


@pytest.mark.parametrize("seed", range(4))
def test_quads_whose_sides_cross_are_scored_as_the_slow_reference_does(seed, tmp_path):
    """Two corners change places, in the truth and in the results; through files, strictly."""
    rng = random.Random(seed)
    truth, results, expected = {}, {}, {}
    for picture in range(12):
        quads = [shifted(rng, bow_tie(rng)) for _ in range(3)] + [random_quad(rng)]
        found = [shifted(rng, quad) for quad in quads] + [quads[0], bow_tie(rng)]
        found = [quad for quad in found if turn(quad) >= 0]
        truth[f"gt_img_{picture}.txt"] = lines_of(quads, ",word")
        results[f"res_img_{picture}.txt"] = lines_of(found)
        none = [False] * len(quads)
        expected[f"img_{picture}"] = slow_iou_protocol(
            in_fractions(quads), none, in_fractions(found)
        )[0]
    names = [folder(tmp_path, *given) for given in (("gt", truth), ("res", results))]
    _, matches = evaluate_detection(*names)
    assert {key: match.pairs for key, match in matches.items()} == expected
    assert sum(map(len, expected.values())) > 12


def bow_tie(rng):
    """A quad of which two sides cross, its greater loop clockwise."""
    while True:
        a, b, c, d = random_quad(rng)
        quad = [a, c, b, d] if rng.random() < 0.5 else [a, b, d, c]
        if turn(quad) > 0 and len(convex_parts(quad)) == 2:
            return quad


def turn(quad):
    return sum(p[0] * q[1] - q[0] * p[1] for p, q in zip(quad, quad[1:] + quad[:1]))


def lines_of(quads, end=""):
    return "".join(",".join(f"{v}" for p in quad for v in p) + end + "\n" for quad in quads)


def test_shared_areas_are_exact_to_rounding():
    rng = random.Random(5)
    first = [random_quad(rng) for _ in range(12)]
    second = [random_quad(rng) for _ in range(9)]
    arrays = [[np.array(quad, float) for quad in quads] for quads in (first, second)]
    one, _, shared = shared_areas(arrays[:1], arrays[1:])
    exact = [[float(exact_shared(a, b)) for b in in_fractions(second)] for a in in_fractions(first)]
    np.testing.assert_allclose(shared[0], exact, atol=1e-9)
    np.testing.assert_allclose(one[0], [float(exact_area(q)) for q in in_fractions(first)])


def test_a_quad_that_crosses_itself_covers_its_two_loops():
    bow = np.array([(0, 0), (10, 10), (10, 0), (0, 10)], float)
    square = np.array([(0, 0), (10, 0), (10, 10), (0, 10)], float)
    areas, _, shared = shared_areas([[bow]], [[square]])
    assert areas[0][0] == pytest.approx(50.0)
    assert shared[0][0, 0] == pytest.approx(50.0)


# --- DetEval against a reference that counts pixels and searches sets ---------------------------


def pixels(box):
    left, top, right, bottom = box
    return {(x, y) for x in range(left, right + 1) for y in range(top, bottom + 1)}


def shares(truths, found):
    area = [pixels(box) for box in truths], [pixels(box) for box in found]
    recall = [[len(g & d) / len(g) for d in area[1]] for g in area[0]]
    precision = [[len(g & d) / len(d) for d in area[1]] for g in area[0]]
    return recall, precision


def distance_ratio(a, b):
    def middle(box):
        return (box[0] + box[2] + 1) / 2.0, (box[1] + box[3] + 1) / 2.0

    def diagonal(box):
        return ((box[2] - box[0] + 1) ** 2 + (box[3] - box[1] + 1) ** 2) ** 0.5

    (x, y), (u, v) = middle(a), middle(b)
    return 2 * ((x - u) ** 2 + (y - v) ** 2) ** 0.5 / (diagonal(a) + diagonal(b))


def slow_deteval(truths, ignored, found, deteval):
    recall, precision = shares(truths, found)
    rows, columns = range(len(truths)), range(len(found))
    free = {j for j in columns if not any(ignored[i] and precision[i][j] > 0.4 for i in rows)}
    care = {i for i in rows if not ignored[i]}
    row_left, column_left, sums = set(care), set(free), [0.0, 0.0]
    good = {(i, j) for i in rows for j in columns if recall[i][j] >= 0.8 and precision[i][j] >= 0.4}

    def touching(i=None, j=None):
        if j is None:
            return sum(recall[i][k] > 0 for k in free)
        return sum(recall[k][j] > 0 for k in care)

    def enough(values, limit):
        return (round(sum(values), 4) if deteval else sum(values)) >= limit

    for i in rows:
        for j in columns:
            alone = sum(a == i for a, _ in good) == 1 == sum(b == j for _, b in good)
            close = distance_ratio(truths[i], found[j]) < 1
            single = not deteval or touching(i=i) == 1 == touching(j=j)
            counted = i in row_left and j in column_left
            if (i, j) in good and alone and close and single and counted:
                row_left.remove(i), column_left.remove(j)
                sums = [sums[0] + 1, sums[1] + 1]
    for i in sorted(row_left):
        chosen = [j for j in sorted(column_left) if precision[i][j] >= 0.4]
        if touching(i=i) < 2 and deteval:
            continue
        if chosen and enough([recall[i][j] for j in chosen], 0.8):
            weight = 1.0 if len(chosen) == 1 and deteval else 0.8
            sums = [sums[0] + weight, sums[1] + weight * len(chosen)]
            row_left.remove(i), column_left.difference_update(chosen)
    for j in sorted(column_left):
        chosen = [i for i in sorted(row_left) if recall[i][j] >= 0.8]
        if touching(j=j) < 2 and deteval:
            continue
        if chosen and enough([precision[i][j] for i in chosen], 0.4):
            sums = [sums[0] + len(chosen), sums[1] + 1]
            row_left.difference_update(chosen)
    return sums, free


def random_rectangle(rng):
    x, y = rng.randint(0, 20), rng.randint(0, 12)
    return [x, y, x + rng.randint(1, 12), y + rng.randint(1, 8)]


def pieces(rng, box):
    """A box as it is, cut in two, or moved a little: what detectors do to words."""
    left, top, right, bottom = box
    middle = (left + right) // 2
    kind = rng.randint(0, 2)
    if kind == 0:
        return [box]
    if kind == 1:
        return [[left, top, middle, bottom], [middle + 1, top, max(right, middle + 1), bottom]]
    return [[left + rng.randint(-1, 1), top, right + 1, bottom + rng.randint(0, 1)]]


@pytest.mark.parametrize("deteval", [True, False])
@pytest.mark.parametrize("seed", range(60))
def test_deteval_equals_the_slow_reference(seed, deteval):
    rng = random.Random(seed)
    truths = [random_rectangle(rng) for _ in range(rng.randint(1, 6))]
    ignored = [rng.random() < 0.2 for _ in truths]
    found = [piece for box in truths for piece in pieces(rng, box) if rng.random() < 0.9]
    found += [random_rectangle(rng)]
    sums, free = slow_deteval(truths, ignored, found, deteval)
    _, recalled, precise, kept = match_rectangles(
        np.array(truths, float), np.array(found, float), np.array(ignored), deteval
    )
    assert (recalled, precise) == pytest.approx(tuple(sums))
    assert set(np.nonzero(kept)[0].tolist()) == free


def test_a_word_in_two_pieces_and_two_words_in_one_box_are_weighted():
    word, halves = [[0, 0, 99, 9]], [[0, 0, 49, 9], [50, 0, 99, 9]]
    no = np.zeros(1, bool)
    _, recalled, precise, _ = match_rectangles(np.array(word), np.array(halves), no, True)
    assert (recalled, precise) == (0.8, 1.6)
    _, recalled, precise, _ = match_rectangles(
        np.array(halves), np.array(word), np.zeros(2, bool), True
    )
    assert (recalled, precise) == (2.0, 1.0)


# --- the real files ----------------------------------------------------------------------------


def test_pixellink_scores_what_the_official_script_says(shared):
    score, _ = evaluate_detection(shared / IC15, shared / PIXELLINK)
    assert score.precision == pytest.approx(0.8289345063538612, abs=1e-12)
    assert score.recall == pytest.approx(0.8165623495426095, abs=1e-12)
    assert score.hmean == pytest.approx(0.822701916080524, abs=1e-12)
    assert (score.matched, score.detections, score.ground_truth) == (1696, 2046, 2077)
    assert (score.images, score.ignored_ground_truth) == (500, 3153)


def results_from_truth(target, source):
    with zipfile.ZipFile(str(source)) as truth, zipfile.ZipFile(str(target), "w") as results:
        for name in truth.namelist():
            lines = truth.read(name).decode("utf-8-sig").split("\n")
            rows = [",".join(line.split(",")[:4]) for line in lines if line.strip()]
            results.writestr(name.replace("gt_", "res_"), "\r\n".join(rows))
    return target


@pytest.mark.parametrize(
    ("protocol", "precision", "recall", "exact"),
    [("deteval", 0.996530, 0.987763, 5e-7), ("icdar2013", 0.9996, 0.9989, 5e-5)],
)
def test_icdar2013_against_itself_is_not_one(shared, tmp_path, protocol, precision, recall, exact):
    results = results_from_truth(tmp_path / "results.zip", shared / IC13)
    score, _ = evaluate_detection(shared / IC13, results, protocol)
    assert (score.precision, score.recall) == pytest.approx((precision, recall), abs=exact)
    assert (score.images, score.ground_truth) == (233, 1095)


def test_five_hundred_pictures_take_less_than_a_second_of_processor_time(shared):
    import time

    form = Format()
    truth = read_truth(shared / IC15, form)
    found = read_results(shared / PIXELLINK, truth, form)
    start = time.process_time()
    match_all(truth, found)
    assert time.process_time() - start < 1.0


# --- files: what is refused, what is put right, what scores change ------------------------------

TRUTH = "0,0,10,0,10,10,0,10,one\n20,0,30,0,30,10,20,10,###\n"


def folder(tmp_path, name, files):
    for file, text in files.items():
        (tmp_path / name).mkdir(exist_ok=True)
        (tmp_path / name / file).write_bytes(text.encode("utf-8"))
    return tmp_path / name


def score_of(tmp_path, result, lenient=False, truth=None, **options):
    truth = folder(tmp_path, "gt", {"gt_img_1.txt": TRUTH if truth is None else truth})
    results = folder(tmp_path, "res", {"res_img_1.txt": result})
    return evaluate_detection(truth, results, lenient=lenient, **options)[0]


@pytest.mark.parametrize(
    "line, problem",
    [
        ("0,0,0,10,10,10,10,0", "not clockwise"),
        ("0,0,10,0,10,10,0,10.5", "no 8 integers"),
        ("0,0,10,0,10,10,0,10,text", "something behind"),
        ("0 0 10 0 10 10 0 10", "no 8 integers"),
    ],
)
def test_strict_refuses_by_file_and_line_what_lenient_puts_right(tmp_path, line, problem):
    result = "20,0,30,0,30,10,20,10\r\n" + line
    with pytest.raises(AnnotationError, match=problem) as caught:
        score_of(tmp_path, result)
    assert "res_img_1.txt:2: " in str(caught.value)
    score = score_of(tmp_path, result, lenient=True)
    assert sum(score.adjusted.values()) >= 1
    assert any("res_img_1.txt:2: " in note for note in score.notes)


@pytest.mark.parametrize("line", ["1,2,3", "a,b,c,d,e,f,g,h", "0,0,nan,0,1,1,0,1", "1e9," * 8])
@pytest.mark.parametrize("lenient", [True, False])
def test_what_is_no_box_is_refused_either_way(tmp_path, line, lenient):
    with pytest.raises(AnnotationError) as caught:
        score_of(tmp_path, line, lenient)
    assert caught.value.line == 1


def test_a_byte_order_mark_and_an_empty_file_are_fine(tmp_path):
    assert score_of(tmp_path, "\ufeff0,0,10,0,10,10,0,10").hmean == 1.0
    assert score_of(tmp_path, "").recall == 0.0


def test_a_detection_on_an_ignored_box_does_not_count(tmp_path):
    score = score_of(tmp_path, "0,0,10,0,10,10,0,10\n20,0,30,0,30,10,20,10\n")
    assert (score.precision, score.detections, score.ignored_detections) == (1.0, 1, 1)


def test_half_is_not_more_than_half(tmp_path):
    assert score_of(tmp_path, "0,0,10,0,10,5,0,5").matched == 0
    assert score_of(tmp_path, "0,0,10,0,10,6,0,6").matched == 1


def test_average_precision_ranks_by_score(tmp_path):
    hit, miss = "0,0,10,0,10,10,0,10,{}\n", "50,50,60,50,60,60,50,60,{}\n"
    first = score_of(tmp_path, hit.format(0.9) + miss.format(0.1), scores=True)
    second = score_of(tmp_path, hit.format(0.1) + miss.format(0.9), scores=True)
    assert (first.average_precision, second.average_precision) == (1.0, 0.5)


CURVE = "10,10,60,0,110,10,110,30,60,20,10,30"
BOX = "10,0,110,0,110,30,10,30"


def test_outlines_are_scored_where_the_truth_has_some(tmp_path):
    truth = CURVE + ',"a"\n200,0,300,0,300,20,200,20,b\n'
    quad = "200,0,300,0,300,20,200,20"
    for result, matched in ((CURVE, 2), (BOX, 2), (BOX.replace("30", "14"), 1)):
        score = score_of(tmp_path, f"{result}\n{quad}\n", truth=truth)
        assert (score.matched, score.ground_truth, score.detections) == (matched, 2, 2)
    result = f"{CURVE},0.5\n{quad},0.25\n"
    assert score_of(tmp_path, result, truth=truth, scores=True).matched == 2
    with pytest.raises(AnnotationError, match="something behind its numbers"):
        score_of(tmp_path, CURVE + "\n")


def test_a_result_of_no_picture_is_refused(tmp_path):
    truth = folder(tmp_path, "gt", {"gt_img_1.txt": TRUTH})
    results = folder(tmp_path, "res", {"res_img_7.txt": "", "res_img_1.txt": ""})
    with pytest.raises(AnnotationError, match="no ground truth of img_7"):
        evaluate_detection(truth, results)
    score, _ = evaluate_detection(truth, results, lenient=True)
    assert score.adjusted == {"files of no picture": 1}


def test_predictions_are_scored_like_files(tmp_path):
    truth = folder(tmp_path, "gt", {"gt_img_1.txt": TRUTH})
    lines = tmp_path / "predictions.jsonl"
    row = '{"key": "images/img_1.jpg", "regions": [{"polygon": [[0,0],[10,0],[10,10],[0,10]]}]}'
    lines.write_text(row + "\n")
    assert evaluate_detection(truth, lines)[0].hmean == 1.0
    lines.write_text(row + '\n{"key": 3}\n')
    with pytest.raises(AnnotationError, match=":2: is not a prediction"):
        evaluate_detection(truth, lines)


def test_scoring_truth_against_itself_is_perfect_and_order_free(tmp_path):
    rng = random.Random(3)
    quads = [[(x + 40 * i, y) for x, y in random_quad(rng)] for i in range(20)]
    truth, found = {"a": boxes_of(quads)}, {"a": boxes_of(quads[::-1])}
    match = match_all(truth, found)["a"]
    assert match.recalled == match.truths == match.detections == 20
    assert {row + column for row, column in match.pairs} == {19}


# --- the command --------------------------------------------------------------------------------


def folders(tmp_path):
    truth = folder(tmp_path, "gt", {"gt_img_1.txt": TRUTH, "gt_img_2.txt": TRUTH})
    results = folder(tmp_path, "res", {"res_img_1.txt": "0,0,10,0,10,10,0,10"})
    return ["evaluate", "detection", "--gt", truth, "--results", results]


def test_the_command_scores_and_writes_each_picture(run, tmp_path):
    words, target = folders(tmp_path), tmp_path / "pictures.json"
    summary = json.loads(run(*words, "--per-image", target, "--json").stdout)
    assert (summary["recall"], summary["precision"], summary["images"]) == (0.5, 1.0, 2)
    assert summary["images_without_results"] == 1
    rows = json.loads(target.read_text())
    assert rows["img_1"]["pairs"] == [[0, 0]] and rows["img_2"]["hmean"] == 0.0
    run(*words, "--per-image", target, code=1)


def test_the_command_refuses_what_does_not_go_together(run, tmp_path):
    words = folders(tmp_path)
    assert "IoU protocols" in run(*words, "--protocol", "deteval", "--iou", "0.6", code=2).output
    assert "has something behind" in run(*words, "--rectangles", code=1).output


def test_mlt_ground_truth_has_the_script_before_the_text(tmp_path):
    lines = "0,0,10,0,10,10,0,10,Latin,a, b\n20,0,30,0,30,10,20,10,Arabic,###\n"
    truth = folder(tmp_path, "gt", {"gt_img_1.txt": lines})
    results = folder(tmp_path, "res", {"res_img_1.txt": ""})
    score, _ = evaluate_detection(truth, results, "mlt2017")
    assert (score.ground_truth, score.ignored_ground_truth) == (1, 1)


def zipped(path, names):
    with zipfile.ZipFile(str(path), "w") as archive:
        for name in names:
            archive.writestr(name, "0,0,10,0,10,10,0,10\n")
    return path


@pytest.mark.parametrize(
    "name", ["img_1.txt", "res_img_1.csv", "results/res_img_1.txt", "gt_img_1.txt", "notes.md"]
)
def test_a_zip_of_results_with_another_name_in_it_is_refused(tmp_path, name):
    """The official scorer takes no entry but `res_<picture>.txt`, at the top of the archive."""
    truth = folder(tmp_path, "gt", {"gt_img_1.txt": TRUTH, "gt_img_2.txt": TRUTH})
    good = zipped(tmp_path / "good.zip", ["res_img_1.txt", "res_img_2.txt"])
    assert evaluate_detection(truth, good)[0].matched == 2
    results = zipped(tmp_path / "results.zip", [name, "res_img_2.txt"])
    with pytest.raises(AnnotationError, match="is not called as res_img_1.txt is") as caught:
        evaluate_detection(truth, results)
    assert str(results) in str(caught.value) and "--lenient" in str(caught.value)
    assert evaluate_detection(truth, results, lenient=True)[0].matched >= 1


def test_texts_of_another_name_in_a_folder_of_results_are_refused(tmp_path):
    truth = folder(tmp_path, "gt", {"gt_img_1.txt": TRUTH})
    results = folder(tmp_path, "res", {"res_img_1.txt": "0,0,10,0,10,10,0,10", "run.log": "ok"})
    assert evaluate_detection(truth, results)[0].matched == 1
    folder(tmp_path, "res", {"img_1.txt": ""})
    with pytest.raises(AnnotationError, match="img_1.txt: is not called as res_img_1.txt is"):
        evaluate_detection(truth, results)
