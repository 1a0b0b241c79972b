"""The data sets of MedMNIST, as published with its version 3 (https://zenodo.org/records/10519652)."""

from __future__ import annotations

from typing import NamedTuple

_ORGANS = (
    "bladder",
    "femur-left",
    "femur-right",
    "heart",
    "kidney-left",
    "kidney-right",
    "liver",
    "lung-left",
    "lung-right",
    "pancreas",
    "spleen",
)
_CC_BY = "CC BY 4.0"


class MedMNISTSet(NamedTuple):
    """A data set of MedMNIST.

    Attributes
    ----------
    title : str
        The name of the data set.
    content : str
        What the images show, and where they are from.
    task : str
        The task, in the words of MedMNIST.
    md5 : str
        The MD5 checksum of the file.
    n_channels : int
        1 (gray) or 3 (red, green and blue).
    n_images : tuple of int
        The numbers of training, validation and test images.
    target_names : tuple of str
        The names of the classes.
    license : str
        The license.
    """

    title: str
    content: str
    task: str
    md5: str
    n_channels: int
    n_images: tuple[int, int, int]
    target_names: tuple[str, ...]
    license: str = _CC_BY


# ChestMNIST, the twelfth 2-D set, is left out because an image can have several labels.
MEDMNIST = {
    "pathmnist": MedMNISTSet(
        "PathMNIST",
        "Colorectal cancer in stained histological images. The test images are from another clinic",
        "multi-class",
        "a8b06965200029087d5bd730944a56c1",
        3,
        (89_996, 10_004, 7_180),
        (
            "adipose",
            "background",
            "debris",
            "lymphocytes",
            "mucus",
            "smooth muscle",
            "normal colon mucosa",
            "cancer-associated stroma",
            "colorectal adenocarcinoma epithelium",
        ),
    ),
    "dermamnist": MedMNISTSet(
        "DermaMNIST",
        "Pigmented skin lesions in dermatoscopic images (HAM10000)",
        "multi-class",
        "0744692d530f8e62ec473284d019b0c7",
        3,
        (7_007, 1_003, 2_005),
        (
            "actinic keratoses and intraepithelial carcinoma",
            "basal cell carcinoma",
            "benign keratosis-like lesions",
            "dermatofibroma",
            "melanoma",
            "melanocytic nevi",
            "vascular lesions",
        ),
        "CC BY-NC 4.0",
    ),
    "octmnist": MedMNISTSet(
        "OCTMNIST",
        "Retinal diseases in optical coherence tomography (OCT)",
        "multi-class",
        "c68d92d5b585d8d81f7112f81e2d0842",
        1,
        (97_477, 10_832, 1_000),
        ("choroidal neovascularization", "diabetic macular edema", "drusen", "normal"),
    ),
    "pneumoniamnist": MedMNISTSet(
        "PneumoniaMNIST",
        "Pneumonia in chest X-rays of children",
        "binary-class",
        "28209eda62fecd6e6a2d98b1501bb15f",
        1,
        (4_708, 524, 624),
        ("normal", "pneumonia"),
    ),
    "retinamnist": MedMNISTSet(
        "RetinaMNIST",
        "Grades of diabetic retinopathy in fundus images (DeepDRiD)",
        "ordinal-regression (the classes are ordered)",
        "bd4c0672f1bba3e3a89f0e4e876791e4",
        3,
        (1_080, 120, 400),
        ("0", "1", "2", "3", "4"),
    ),
    "breastmnist": MedMNISTSet(
        "BreastMNIST",
        "Breast ultrasound",
        "binary-class",
        "750601b1f35ba3300ea97c75c52ff8f6",
        1,
        (546, 78, 156),
        ("malignant", "normal, benign"),
    ),
    "bloodmnist": MedMNISTSet(
        "BloodMNIST",
        "Normal blood cells under the microscope",
        "multi-class",
        "7053d0359d879ad8a5505303e11de1dc",
        3,
        (11_959, 1_712, 3_421),
        (
            "basophil",
            "eosinophil",
            "erythroblast",
            "immature granulocytes(myelocytes, metamyelocytes and promyelocytes)",
            "lymphocyte",
            "monocyte",
            "neutrophil",
            "platelet",
        ),
    ),
    "tissuemnist": MedMNISTSet(
        "TissueMNIST",
        "Human kidney cortex cells under the microscope (BBBC051)",
        "multi-class",
        "ebe78ee8b05294063de985d821c1c34b",
        1,
        (165_466, 23_640, 47_280),
        (
            "Collecting Duct, Connecting Tubule",
            "Distal Convoluted Tubule",
            "Glomerular endothelial cells",
            "Interstitial endothelial cells",
            "Leukocytes",
            "Podocytes",
            "Proximal Tubule Segments",
            "Thick Ascending Limb",
        ),
    ),
    "organamnist": MedMNISTSet(
        "OrganAMNIST",
        "Organs in axial slices of abdominal CT scans (LiTS)",
        "multi-class",
        "68e3f8846a6bd62f0c9bf841c0d9eacc",
        1,
        (34_561, 6_491, 17_778),
        _ORGANS,
    ),
    "organcmnist": MedMNISTSet(
        "OrganCMNIST",
        "Organs in coronal slices of abdominal CT scans (LiTS)",
        "multi-class",
        "b9ceb9546e10131b32923c5bbeaea2b1",
        1,
        (12_975, 2_392, 8_216),
        _ORGANS,
    ),
    "organsmnist": MedMNISTSet(
        "OrganSMNIST",
        "Organs in sagittal slices of abdominal CT scans (LiTS)",
        "multi-class",
        "9ab87b696fb54e2a387ebe992d6ed5f1",
        1,
        (13_932, 2_452, 8_827),
        _ORGANS,
    ),
}
