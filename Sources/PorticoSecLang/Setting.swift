/// Directives that set something, and what they take.
package enum Setting: String, CaseIterable, Sendable {
    case ruleEngine = "secruleengine"
    case componentSignature = "seccomponentsignature"
    case webAppID = "secwebappid"
    case requestBodyAccess = "secrequestbodyaccess"
    case requestBodyLimit = "secrequestbodylimit"
    case requestBodyNoFilesLimit = "secrequestbodynofileslimit"
    case requestBodyLimitAction = "secrequestbodylimitaction"
    case requestBodyJSONDepthLimit = "secrequestbodyjsondepthlimit"
    case argumentsLimit = "secargumentslimit"
    case argumentSeparator = "secargumentseparator"
    case cookieFormat = "seccookieformat"
    case responseBodyAccess = "secresponsebodyaccess"
    case responseBodyMIMEType = "secresponsebodymimetype"
    case responseBodyMIMETypesClear = "secresponsebodymimetypesclear"
    case responseBodyLimit = "secresponsebodylimit"
    case responseBodyLimitAction = "secresponsebodylimitaction"
    case pcreMatchLimit = "secpcrematchlimit"
    case pcreMatchLimitRecursion = "secpcrematchlimitrecursion"
    case unicodeMapFile = "secunicodemapfile"
    case unicodeMap = "secunicodemap"
    case collectionTimeout = "seccollectiontimeout"
    case auditEngine = "secauditengine"
    case auditLog = "secauditlog"
    case auditLog2 = "secauditlog2"
    case auditLogParts = "secauditlogparts"
    case auditLogType = "secauditlogtype"
    case auditLogFormat = "secauditlogformat"
    case auditLogRelevantStatus = "secauditlogrelevantstatus"
    case auditLogStorageDir = "secauditlogstoragedir"
    case auditLogFileMode = "secauditlogfilemode"
    case auditLogDirMode = "secauditlogdirmode"
    case auditLogPrefix = "secauditlogprefix"
    case dataDir = "secdatadir"
    case tmpDir = "sectmpdir"
    case tmpSaveUploadedFiles = "sectmpsaveuploadedfiles"
    case uploadDir = "secuploaddir"
    case uploadFileLimit = "secuploadfilelimit"
    case uploadFileMode = "secuploadfilemode"
    case uploadKeepFiles = "secuploadkeepfiles"
    case debugLog = "secdebuglog"
    case debugLogLevel = "secdebugloglevel"
    case httpBlKey = "sechttpblkey"
    case geoLookupDb = "secgeolookupdb"
    case gsbLookupDb = "secgsblookupdb"
    case remoteRules = "secremoterules"
    case remoteRulesFailAction = "secremoterulesfailaction"
    case hashEngine = "sechashengine"
    case hashKey = "sechashkey"
    case hashParam = "sechashparam"
    case hashMethodRx = "sechashmethodrx"
    case hashMethodPm = "sechashmethodpm"
    case xmlExternalEntity = "secxmlexternalentity"
    case statusEngine = "secstatusengine"
    case sensorID = "secsensorid"
    case serverSignature = "secserversignature"
    case requestBodyInMemoryLimit = "secrequestbodyinmemorylimit"
    case streamInBodyInspection = "secstreaminbodyinspection"
    case streamOutBodyInspection = "secstreamoutbodyinspection"
    case contentInjection = "seccontentinjection"
    case connEngine = "secconnengine"
    case connReadStateLimit = "secconnreadstatelimit"
    case connWriteStateLimit = "secconnwritestatelimit"
    case guardianLog = "secguardianlog"
    case interceptOnError = "secinterceptonerror"
    case ruleInheritance = "secruleinheritance"
    case rulePerfTime = "secruleperftime"
    case cacheTransformations = "seccachetransformations"
    case disableBackendCompression = "secdisablebackendcompression"
    case chrootDir = "secchrootdir"

    package enum Shape: Sendable {
        case none
        case number
        case word
        case words
        case oneOf([String])
        /// Anything; has no effect here.
        case ignored
        /// Would need something that is not there; the reason.
        case refused(String)
    }

    package var shape: Shape {
        switch self {
        case .ruleEngine: .oneOf(["on", "off", "detectiononly"])
        case .requestBodyAccess, .responseBodyAccess: .oneOf(["on", "off"])
        case .requestBodyLimitAction, .responseBodyLimitAction:
            .oneOf(["reject", "processpartial"])
        case .requestBodyLimit, .requestBodyNoFilesLimit, .requestBodyJSONDepthLimit,
            .argumentsLimit, .responseBodyLimit, .pcreMatchLimit, .pcreMatchLimitRecursion,
            .collectionTimeout:
            .number
        case .cookieFormat: .oneOf(["0"])
        case .auditEngine: .oneOf(["on", "off", "relevantonly"])
        case .argumentSeparator, .componentSignature, .webAppID, .auditLogRelevantStatus: .word
        case .responseBodyMIMEType: .words
        case .responseBodyMIMETypesClear: .none
        case .remoteRules: .refused("rules are loaded from files only")
        case .hashEngine: .oneOf(["off"])
        case .xmlExternalEntity: .oneOf(["off"])
        case .unicodeMapFile, .unicodeMap, .auditLog, .auditLog2, .auditLogParts, .auditLogType,
            .auditLogFormat, .auditLogStorageDir, .auditLogFileMode, .auditLogDirMode,
            .auditLogPrefix, .dataDir, .tmpDir, .tmpSaveUploadedFiles, .uploadDir,
            .uploadFileLimit, .uploadFileMode, .uploadKeepFiles, .debugLog, .debugLogLevel,
            .httpBlKey, .geoLookupDb, .gsbLookupDb, .remoteRulesFailAction, .hashKey, .hashParam,
            .hashMethodRx, .hashMethodPm, .statusEngine, .sensorID, .serverSignature,
            .requestBodyInMemoryLimit, .streamInBodyInspection, .streamOutBodyInspection,
            .contentInjection, .connEngine, .connReadStateLimit, .connWriteStateLimit,
            .guardianLog, .interceptOnError, .ruleInheritance, .rulePerfTime,
            .cacheTransformations, .disableBackendCompression, .chrootDir:
            .ignored
        }
    }

    /// Whether it is said aloud that it has no effect: not for where ModSecurity's logs go, which
    /// every ModSecurity configuration says and Portico's own settings answer.
    package var isWorthAWarning: Bool {
        switch self {
        case .requestBodyInMemoryLimit, .streamInBodyInspection, .streamOutBodyInspection,
            .contentInjection, .connEngine, .guardianLog, .interceptOnError, .ruleInheritance,
            .rulePerfTime, .cacheTransformations, .disableBackendCompression, .chrootDir,
            .geoLookupDb, .gsbLookupDb, .httpBlKey, .connReadStateLimit, .connWriteStateLimit:
            true
        default: false
        }
    }
}
