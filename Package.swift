// swift-tools-version: 6.2
import PackageDescription

// The floors of the house, lowest first; a target names only targets of lower floors
// (docs/DECISIONS.md says what each module is for).

let strict: [SwiftSetting] = [
    .strictMemorySafety(),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableExperimentalFeature("Lifetimes"),
]

func module(
    _ name: String, _ dependencies: [Target.Dependency] = [], linked: [LinkerSetting] = []
) -> [Target] {
    [
        .target(
            name: name, dependencies: dependencies, swiftSettings: strict, linkerSettings: linked),
        .testTarget(
            name: "\(name)Tests", dependencies: [.target(name: name)] + dependencies,
            swiftSettings: strict),
    ]
}

let floor1: [Target] =
    module("PorticoBytes")
    + [
        .target(name: "CPorticoLinux"),
        .target(name: "CPorticoTOML"),
        .target(
            name: "CPorticoOpenSSL",
            linkerSettings: [.linkedLibrary("ssl"), .linkedLibrary("crypto")]),
        // The photographs come in by #embed, not as resources.
        .target(name: "CPorticoDemo", exclude: ["photographs"]),
    ]

let floor2: [Target] =
    module("PorticoHTTP", ["PorticoBytes"])
    + module("PorticoLoop", ["PorticoBytes", "CPorticoLinux"])
    + module("PorticoSettings", ["PorticoBytes", "CPorticoTOML"])

let floor3: [Target] =
    module("PorticoHTTP1", ["PorticoBytes", "PorticoHTTP"])
    + module("PorticoTLS", ["PorticoBytes", "PorticoSettings", "CPorticoOpenSSL"])
    + module("PorticoOrigins", ["PorticoBytes", "PorticoSettings"])
    + module("PorticoLimits", ["PorticoBytes", "PorticoSettings"])
    + module("PorticoCache", ["PorticoBytes", "PorticoSettings"])
    + module("PorticoWAF", ["PorticoBytes", "PorticoSettings"])
    + module("PorticoImage", ["PorticoBytes", "PorticoSettings"])
    + module("PorticoTelemetry", ["PorticoBytes", "PorticoSettings"])

let columns: [Target.Dependency] = [
    "PorticoBytes", "PorticoHTTP", "PorticoLoop", "PorticoSettings", "PorticoHTTP1", "PorticoTLS",
    "PorticoOrigins", "PorticoLimits", "PorticoCache", "PorticoWAF", "PorticoImage",
    "PorticoTelemetry",
]

let floor4 = module(
    "PorticoExchange",
    ["PorticoBytes", "PorticoHTTP", "PorticoLoop", "PorticoSettings", "PorticoOrigins",
     "PorticoLimits", "PorticoTelemetry"])

let log = Target.Dependency.product(name: "Logging", package: "swift-log")

let floor5 =
    module("PorticoServer", columns + ["PorticoExchange", log])
    + module(
        "PorticoDemo",
        ["PorticoBytes", "PorticoHTTP", "PorticoLoop", "PorticoHTTP1", "CPorticoDemo"])

let floor6: [Target] = [
    .executableTarget(
        name: "portico",
        dependencies: columns + [
            "PorticoExchange", "PorticoServer", "PorticoDemo", log,
            .product(name: "ArgumentParser", package: "swift-argument-parser"),
        ],
        swiftSettings: strict,
        // One file to copy to a server: the Swift runtime comes along.
        // ArgumentParser uses FoundationEssentials, whose archive alone does not say that it needs
        // the libraries named here.
        linkerSettings: [
            .unsafeFlags(
                [
                    "-static-stdlib", "-l_FoundationCShims", "-l_FoundationCollections",
                    "-lswiftSynchronization",
                ],
                .when(configuration: .release))
        ])
]

let package = Package(
    name: "portico",
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    ],
    targets: floor1 + floor2 + floor3 + floor4 + floor5 + floor6,
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx17
)
