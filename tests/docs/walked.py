"""How each command of README and docs is tested, unless its block says what it needs."""

from __future__ import annotations

RUN = {
    r"python run_experiments\.py --list( \d+)?": "",
    r"python run_experiments\.py --exp 44 (--only 7\.6 )?--dry-run": "--only 7.6",
    r"python run_experiments\.py --exp 44 --only 7 --smoke": "--only 7.6",
    r"python tools/summarize\.py 44( (?!--demo --only 7 --seed 0 1).+)?": "",
    r"python tools/make_demo_data\.py --(out data/(demo_shift|long_tail)|layout night) .+": (
        "--size 128 64 --source 6 --target 4 --val 2 --nproc 1"
    ),
    r"python tools/prepare/(priors|pseudo_labels|temperature)\.py (?!.*--frequencies).+": "",
    r"python tools/view\.py work_dirs/RUN --export page": "",
    r"python tools/export\.py work_dirs/RUN --format folder .+": "",
    r"python tools/predict\.py (my_model|CONFIG|RUN/config\.py|configs/hrda/\w+\.py|work_dirs/gtaHR\w+) .+": "",
    r"python tools/print_config\.py work_dirs/gtaHR\w+/CONFIG\.json": "",
    r"python tools/prepare/label_quality\.py .+": "",
    r"python tools/test\.py CONFIG CHECKPOINT (?!--corruptions).+": "",
    r"python tools/train\.py CONFIG --work-dir NEW .+": "",
    r"sh test\.sh work_dirs/gtaHR\w+ --preset fast": "",
}
"""Commands (whole, as a pattern) that are run, and what is added to make them small."""

OWN_DATA = "tests/cli/test_own_data.py::test_the_page_trains_evaluates_and_predicts"
METHOD = "tests/docs/test_tutorials.py::test_the_method_trains"
COVERED = {
    r"pip install -r requirements\.txt": "tests/docs/test_ci.py::test_what_it_runs",
    r"python -m pytest": "tests/docs/test_ci.py::test_what_it_runs",
    r"python run_experiments\.py --config configs/demo/demoHR2demoHR_hrda\.py": (
        "tests/cli/test_commands.py::test_run_experiments_trains_evaluates_and_says_where_everything_is"
    ),
    r"python run_experiments\.py --exp (44|50|70) --smoke": (
        "tests/apis/launching/test_smoke.py::test_each_distinct_row_is_trained_and_a_failure_stops_none"
    ),
    r"python run_experiments\.py --exp (60|65|75|ID) --smoke": "tests/cli/test_chains.py::test_smoke_and_dry_run_go_through_whole_chains",
    r"python run_experiments\.py --exp 110 --smoke": "tests/experiments/test_real_photographs.py::test_every_row_runs",
    r"python run_experiments\.py --config own\.py --smoke": (
        "tests/apis/launching/test_smoke.py::test_a_config_of_ones_own_is_tried_on_its_own_data"
    ),
    r"python run_experiments\.py --list ID": "tests/apis/launching/test_stages.py::test_a_listing_shows_every_stage",
    r"python run_experiments\.py --exp ID --only 1\.2@labels": "tests/apis/launching/test_stages.py::test_one_stage_is_run_alone",
    r"python run_experiments\.py --exp ID --jobs 2": "tests/cli/test_chains.py::test_a_launch_runs_every_stage_once",
    r"python -m pytest projects/mine": METHOD,
    r"sh test\.sh work_dirs/(<run>|RUN)": "tests/cli/test_commands.py::test_test_sh_prints_iou_and_writes_palette_predictions",
    r"sh test\.sh work_dirs/RUN --preset fast": "tests/cli/test_evaluate.py::test_presets",
    r"python tools/choose\.py work_dirs/RUN": "tests/cli/test_choose.py::test_the_table_and_the_file",
    r"sh test\.sh work_dirs/RUN --metrics trust": "tests/cli/test_trust.py::test_measures_of_the_pixels",
    r"(python tools/test\.py CONFIG CHECKPOINT --corruptions all|sh test\.sh work_dirs/RUN --corruptions fog snow:3 .+)": (
        "tests/cli/test_corruptions.py::test_a_reference_and_the_palette_pictures_of_test_sh"
    ),
    r"python tools/adapt\.py (CONFIG CHECKPOINT|work_dirs/RUN photos/ride) --method (tent|cotta --show-dir predictions)": (
        "tests/cli/test_adapt.py::test_a_folder_in_the_place_of_config_and_checkpoint"
    ),
    r"python tools/adapt\.py CONFIG CHECKPOINT --method mic --corruptions .+": (
        "tests/cli/test_adapt.py::test_corruptions_in_the_order_in_which_they_are_given"
    ),
    r"python tools/compare\.py 44\.7\.4 44\.7\.5": "tests/cli/test_compare.py::test_rows",
    r"python tools/compare\.py 'work_dirs/NAME_s\*' \S+": "tests/cli/test_compare.py::test_groups_of_folders",
    r"python tools/verify\.py RUN( --checkpoint best\.pth)?": ("tests/cli/test_verify.py::test_another_state_and_an_interrupted_run"),
    r"python tools/prepare/band\.py RUN RUN RUN( --out mine\.json)?": (
        "tests/engine/test_reference_band_hook.py::test_a_band_of_finished_runs"
    ),
    r"sh test\.sh RUN --prior-correction priors\.json": "tests/apis/preparing/test_priors.py::test_the_command_and_what_takes_its_file",
    r"sh test\.sh work_dirs/gtaHR\w+": "tests/cli/test_released.py::test_a_released_folder_is_evaluated_from_anywhere",
    r"sh test\.sh work_dirs/own_streets": OWN_DATA,
    r"python tools/summarize\.py (\d+ --out DIR|50)": "tests/cli/test_summarize.py::test_prints_the_table_and_writes_the_files",
    r"python tools/summarize\.py \d+ --demo .*--seed 0 1 .+": "tests/cli/test_summarize.py::test_per_class_rows_and_seeds",
    r"python tools/make_demo_data\.py --out data/streets .+": (
        "tests/demo/test_streets.py::test_the_command_writes_the_layout_of_gta_and_resumes"
    ),
    r"python tools/make_demo_data\.py --out data/demo": OWN_DATA,
    r"python tools/(train|check_data)\.py configs/own_data/(streets|binary)\.py.*": OWN_DATA,
    r"python tools/predict\.py work_dirs/own_streets .+": OWN_DATA,
    r"python tools/predict\.py work_dirs/streets photo\.jpg": "tests/cli/test_shipped_model.py::test_a_street_is_segmented",
    r"python tools/view\.py work_dirs/(<run>|RUN)": "tests/cli/test_view.py::test_it_is_served_and_predicts_a_photograph",
    r"python tools/annotate\.py export .+": "tests/apis/annotating/test_by_hand.py::test_what_is_exported",
    r"python tools/annotate\.py import .+": "tests/apis/annotating/test_by_hand.py::test_by_hand_equals_labels_on_disk",
    r"python tools/train\.py (CONFIG|work_dirs/RUN/config\.py) --work-dir \S+ --resume": (
        "tests/cli/test_commands.py::test_an_interrupted_run_continues"
    ),
    r"python tools/train\.py CONFIG --work-dir RUN --resume --override": "tests/cli/test_resume_override.py::test_applied_with_it",
    r"python tools/train\.py work_dirs/gtaHR\w+/CONFIG\.json --load-from .+": (
        "tests/cli/test_released.py::test_training_on_restores_student_and_teacher"
    ),
    r"python tools/export\.py (?!.*--format).+": "tests/cli/test_export.py::test_files_and_their_description",
    r"python tools/test\.py work_dirs/RUN/\S+ \S+ --targets night=.+": "tests/cli/test_targets.py::test_several_targets",
    r"python tools/prepare/pseudo_labels\.py .+ --frequencies .+": (
        "tests/apis/preparing/test_label_quality.py::test_areas_from_the_frequencies_of_the_source"
    ),
    r"python tools/benchmark\.py data .+": "tests/cli/test_benchmark.py::test_demo_scenes",
}
"""Commands that another test runs, in its form: a pattern of the whole command -> the test."""
