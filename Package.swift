// swift-tools-version: 6.2
import PackageDescription

// The floors of the house, lowest first; a target names only targets of lower floors. The
// modules of floor 3 do not know each other: what two of them need is below them, and they meet
// in PorticoExchange and PorticoServer.

let strict: [SwiftSetting] = [
    .strictMemorySafety(),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableExperimentalFeature("Lifetimes"),
    // Debug builds and tests check at run time that accesses to a class's properties do not
    // overlap; the release trusts what they have shown. Measured on a request passed through:
    // a tenth of the time spent outside of the kernel.
    .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
]

func module(
    _ name: String, _ dependencies: [Target.Dependency] = [], linked: [LinkerSetting] = [],
    tested tools: [Target.Dependency] = [], data: [String] = []
) -> [Target] {
    [
        .target(
            name: name, dependencies: dependencies, swiftSettings: strict, linkerSettings: linked),
        .testTarget(
            name: "\(name)Tests", dependencies: [.target(name: name)] + dependencies + tools,
            exclude: data, swiftSettings: strict),
    ]
}

let floor1: [Target] =
    module("PorticoBytes")
    + [
        .target(name: "CPorticoLinux"),
        .target(name: "CPorticoSeccomp", linkerSettings: [.linkedLibrary("seccomp")]),
        .target(name: "CPorticoTOML"),
        .target(
            name: "CPorticoCoding",
            linkerSettings: [
                .linkedLibrary("z"), .linkedLibrary("brotlienc"), .linkedLibrary("brotlidec"),
                .linkedLibrary("zstd"),
            ]),
        .target(
            name: "CPorticoOpenSSL",
            linkerSettings: [.linkedLibrary("ssl"), .linkedLibrary("crypto")]),
        .target(name: "CPorticoPCRE2", linkerSettings: [.linkedLibrary("pcre2-8")]),
        .target(name: "CPorticoVectorscan", linkerSettings: [.linkedLibrary("hs")]),
        .target(name: "CPorticoLibinjection"),
        .target(name: "CPorticoDigests", linkerSettings: [.linkedLibrary("crypto")]),
        .target(name: "CPorticoXML", dependencies: ["CLibXML2"]),
        // Says where libxml2's headers are.
        .systemLibrary(name: "CLibXML2", pkgConfig: "libxml-2.0"),
        // Loops over pixels: also debug builds and tests want them compiled well.
        .target(
            name: "CPorticoCodecs", cSettings: [.unsafeFlags(["-O2"])],
            linkerSettings: [
                .linkedLibrary("jpeg"), .linkedLibrary("png"), .linkedLibrary("z"),
                .linkedLibrary("gif"), .linkedLibrary("webp"), .linkedLibrary("webpdemux"),
                .linkedLibrary("webpmux"), .linkedLibrary("avif"), .linkedLibrary("lcms2"),
            ]),
        .target(name: "CPorticoNgHTTP2", linkerSettings: [.linkedLibrary("nghttp2")]),
        // The photographs come in by #embed, not as resources.
        .target(name: "CPorticoDemo", exclude: ["photographs"]),
    ]

let floor2: [Target] =
    module("PorticoHTTP", ["PorticoBytes"])
    + module("PorticoLoop", ["PorticoBytes", "CPorticoLinux"])
    + module("PorticoSettings", ["PorticoBytes", "CPorticoTOML"])
    + module("PorticoSecLang", ["PorticoBytes"])

let floor3: [Target] =
    module("PorticoHTTP1", ["PorticoBytes", "PorticoHTTP"], tested: ["HTTP1Properties"])
    + module("PorticoCoding", ["PorticoBytes", "PorticoHTTP", "CPorticoCoding"])
    + module(
        "PorticoHTTP2", ["PorticoBytes", "PorticoHTTP", "CPorticoNgHTTP2"],
        tested: ["PorticoHTTP1"])
    + module("PorticoTLS", ["PorticoBytes", "PorticoSettings", "CPorticoOpenSSL"])
    + module("PorticoOrigins", ["PorticoBytes", "PorticoSettings"])
    + module("PorticoLimits", ["PorticoBytes", "PorticoSettings"])
    + module("PorticoCache", ["PorticoBytes", "PorticoHTTP", "PorticoSettings"])
    + module(
        "PorticoWAF",
        ["PorticoBytes", "PorticoSettings", "PorticoSecLang", "CPorticoPCRE2",
         "CPorticoVectorscan", "CPorticoLibinjection", "CPorticoDigests", "CPorticoXML"],
        data: ["Data"])
    + module(
        "PorticoImage",
        ["PorticoBytes", "PorticoLoop", "PorticoSettings", "CPorticoCodecs", "CPorticoSeccomp"],
        tested: ["PorticoMutation"])
    + module("PorticoTelemetry", ["PorticoBytes", "PorticoSettings"], tested: ["StrictJSON"])

let columns: [Target.Dependency] = [
    "PorticoBytes", "PorticoHTTP", "PorticoLoop", "PorticoSettings", "PorticoHTTP1", "PorticoHTTP2",
    "PorticoCoding", "PorticoTLS", "PorticoOrigins", "PorticoLimits", "PorticoCache", "PorticoWAF",
    "PorticoImage", "PorticoTelemetry",
]

let yaml = Target.Dependency.product(name: "Yams", package: "Yams")

let floor4 = module(
    "PorticoExchange",
    ["PorticoBytes", "PorticoHTTP", "PorticoLoop", "PorticoSettings", "PorticoOrigins",
     "PorticoLimits", "PorticoCache", "PorticoImage", "PorticoTelemetry", "PorticoCoding",
     "PorticoWAF", "PorticoSecLang"])
    + module(
        "PorticoWAFTool",
        ["PorticoBytes", "PorticoHTTP", "PorticoHTTP1", "PorticoLoop", "PorticoSecLang",
         "PorticoWAF", yaml])

let log = Target.Dependency.product(name: "Logging", package: "swift-log")

let floor5 =
    module(
        "PorticoServer", columns + ["PorticoExchange", "PorticoSecLang", "PorticoWAFTool", log],
        tested: ["StrictJSON"])
    + module(
        "PorticoDemo",
        ["PorticoBytes", "PorticoHTTP", "PorticoLoop", "PorticoHTTP1", "CPorticoDemo"])

let floor6: [Target] = [
    .executableTarget(
        name: "portico",
        dependencies: columns + [
            "PorticoExchange", "PorticoServer", "PorticoDemo", "PorticoSecLang",
            "PorticoWAFTool", log,
            .product(name: "ArgumentParser", package: "swift-argument-parser"),
        ],
        swiftSettings: strict,
        // One file to copy to a server: the Swift runtime comes along.
        // ArgumentParser uses FoundationEssentials, whose archive alone does not say that it needs
        // the libraries named here.
        linkerSettings: [
            .unsafeFlags(
                [
                    "-static-stdlib", "-lFoundation", "-lCoreFoundation", "-l_FoundationICU",
                    "-l_FoundationCShims", "-l_FoundationCollections",
                    "-lswiftSynchronization",
                ],
                .when(configuration: .release))
        ])
]

// What holds for any input, asked by the tests and by the fuzzers (Tests/Fuzz/run); what tests of
// several modules read with; and what it costs.
let tools: [Target] = [
    .target(
        name: "HTTP1Properties", dependencies: ["PorticoBytes", "PorticoHTTP", "PorticoHTTP1"],
        path: "Tests/Fuzz/Properties", swiftSettings: strict),
    .target(
        name: "WAFProperties", dependencies: ["PorticoBytes", "PorticoSecLang", "PorticoWAF"],
        path: "Tests/Fuzz/WAFProperties", swiftSettings: strict),
    .target(name: "PorticoMutation", path: "Tests/Fuzz/Mutation", swiftSettings: strict),
    .executableTarget(
        name: "FuzzPictures",
        dependencies: ["PorticoBytes", "PorticoLoop", "PorticoImage", "PorticoMutation"],
        path: "Tests/Fuzz/Pictures", swiftSettings: strict),
    .target(name: "StrictJSON", path: "Tests/StrictJSON", swiftSettings: strict),
    .executableTarget(
        name: "PorticoBench",
        dependencies: [
            "PorticoBytes", "PorticoSettings", "PorticoHTTP", "PorticoHTTP1", "PorticoCache",
            "PorticoCoding", "PorticoLimits", "PorticoLoop", "PorticoSecLang", "PorticoServer",
            "PorticoWAF", "PorticoWAFTool",
        ],
        swiftSettings: strict),
]

// `PORTICO_FUZZ=1` adds the fuzzer, and counts each branch of what it runs.
let isFuzzing = Context.environment["PORTICO_FUZZ"] != nil
let instrumented = strict + [.unsafeFlags(["-sanitize=fuzzer"])]
let fuzzer = Target.executableTarget(
    name: "Fuzz", dependencies: ["HTTP1Properties", "WAFProperties"],
    path: "Tests/Fuzz/Driver",
    swiftSettings: instrumented, linkerSettings: [.unsafeFlags(["-sanitize=fuzzer", "-use-ld=lld"])])
if isFuzzing {
    let watched = [
        "PorticoBytes", "PorticoHTTP", "PorticoHTTP1", "PorticoSecLang", "PorticoWAF",
        "HTTP1Properties",
        "WAFProperties",
    ]
    for target in floor1 + floor2 + floor3 + tools where watched.contains(target.name) {
        target.swiftSettings = instrumented
    }
}

let package = Package(
    name: "portico",
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "5.0.1"),
    ],
    targets: floor1 + floor2 + floor3 + floor4 + floor5 + floor6 + tools
        + (isFuzzing ? [fuzzer] : []),
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx17
)
