/// What a rule can look at (SECLANG §4). The raw value is an index into the transaction's scalars.
package enum Variable: UInt8, CaseIterable, Sendable {
    // One value each.
    case requestLine
    case requestMethod
    case requestProtocol
    case requestURI
    case requestURIRaw
    case queryString
    case requestFilename
    case requestBasename
    case pathInfo
    case requestBody
    case requestBodyLength
    case reqbodyProcessor
    case reqbodyError
    case reqbodyErrorMsg
    case reqbodyProcessorError
    case reqbodyProcessorErrorMsg
    case remoteAddr
    case remoteHost
    case remotePort
    case remoteUser
    case authType
    case serverName
    case serverAddr
    case serverPort
    case uniqueID
    case webAppID
    case responseStatus
    case responseProtocol
    case responseBody
    case responseContentType
    case responseContentLength
    case argsCombinedSize
    case filesCombinedSize
    case fullRequest
    case fullRequestLength
    case inboundDataError
    case outboundDataError
    case multipartStrictError
    case multipartUnmatchedBoundary
    case multipartBoundaryQuoted
    case multipartBoundaryWhitespace
    case multipartCRLFLFLines
    case multipartDataAfter
    case multipartDataBefore
    case multipartFileLimitExceeded
    case multipartHeaderFolding
    case multipartInvalidHeaderFolding
    case multipartInvalidPart
    case multipartInvalidQuoting
    case multipartLFLine
    case multipartMissingSemicolon
    case duration
    case highestSeverity
    case sessionID
    case userID
    case time
    case timeDay
    case timeEpoch
    case timeHour
    case timeMin
    case timeMon
    case timeSec
    case timeWday
    case timeYear
    case matchedVar
    case matchedVarName
    // Any number of values with keys.
    case args
    case argsNames
    case argsGet
    case argsGetNames
    case argsPost
    case argsPostNames
    case requestHeaders
    case requestHeadersNames
    case requestCookies
    case requestCookiesNames
    case responseHeaders
    case responseHeadersNames
    case files
    case filesNames
    case filesSizes
    case filesTmpNames
    case filesTmpContent
    case multipartFilename
    case multipartName
    case multipartPartHeaders
    case xml
    case tx
    case ip
    case global
    case session
    case user
    case resource
    case geo
    case env
    case rule
    case matchedVars
    case matchedVarsNames

    static let scalarCount = Int(Variable.matchedVarName.rawValue) + 1

    var isScalar: Bool { Int(rawValue) < Self.scalarCount }

    /// As it stands in logs and in MATCHED_VAR_NAME.
    package var label: StaticString {
        switch self {
        case .requestLine: "REQUEST_LINE"
        case .requestMethod: "REQUEST_METHOD"
        case .requestProtocol: "REQUEST_PROTOCOL"
        case .requestURI: "REQUEST_URI"
        case .requestURIRaw: "REQUEST_URI_RAW"
        case .queryString: "QUERY_STRING"
        case .requestFilename: "REQUEST_FILENAME"
        case .requestBasename: "REQUEST_BASENAME"
        case .pathInfo: "PATH_INFO"
        case .requestBody: "REQUEST_BODY"
        case .requestBodyLength: "REQUEST_BODY_LENGTH"
        case .reqbodyProcessor: "REQBODY_PROCESSOR"
        case .reqbodyError: "REQBODY_ERROR"
        case .reqbodyErrorMsg: "REQBODY_ERROR_MSG"
        case .reqbodyProcessorError: "REQBODY_PROCESSOR_ERROR"
        case .reqbodyProcessorErrorMsg: "REQBODY_PROCESSOR_ERROR_MSG"
        case .remoteAddr: "REMOTE_ADDR"
        case .remoteHost: "REMOTE_HOST"
        case .remotePort: "REMOTE_PORT"
        case .remoteUser: "REMOTE_USER"
        case .authType: "AUTH_TYPE"
        case .serverName: "SERVER_NAME"
        case .serverAddr: "SERVER_ADDR"
        case .serverPort: "SERVER_PORT"
        case .uniqueID: "UNIQUE_ID"
        case .webAppID: "WEBAPPID"
        case .responseStatus: "RESPONSE_STATUS"
        case .responseProtocol: "RESPONSE_PROTOCOL"
        case .responseBody: "RESPONSE_BODY"
        case .responseContentType: "RESPONSE_CONTENT_TYPE"
        case .responseContentLength: "RESPONSE_CONTENT_LENGTH"
        case .argsCombinedSize: "ARGS_COMBINED_SIZE"
        case .filesCombinedSize: "FILES_COMBINED_SIZE"
        case .fullRequest: "FULL_REQUEST"
        case .fullRequestLength: "FULL_REQUEST_LENGTH"
        case .inboundDataError: "INBOUND_DATA_ERROR"
        case .outboundDataError: "OUTBOUND_DATA_ERROR"
        case .multipartStrictError: "MULTIPART_STRICT_ERROR"
        case .multipartUnmatchedBoundary: "MULTIPART_UNMATCHED_BOUNDARY"
        case .multipartBoundaryQuoted: "MULTIPART_BOUNDARY_QUOTED"
        case .multipartBoundaryWhitespace: "MULTIPART_BOUNDARY_WHITESPACE"
        case .multipartCRLFLFLines: "MULTIPART_CRLF_LF_LINES"
        case .multipartDataAfter: "MULTIPART_DATA_AFTER"
        case .multipartDataBefore: "MULTIPART_DATA_BEFORE"
        case .multipartFileLimitExceeded: "MULTIPART_FILE_LIMIT_EXCEEDED"
        case .multipartHeaderFolding: "MULTIPART_HEADER_FOLDING"
        case .multipartInvalidHeaderFolding: "MULTIPART_INVALID_HEADER_FOLDING"
        case .multipartInvalidPart: "MULTIPART_INVALID_PART"
        case .multipartInvalidQuoting: "MULTIPART_INVALID_QUOTING"
        case .multipartLFLine: "MULTIPART_LF_LINE"
        case .multipartMissingSemicolon: "MULTIPART_MISSING_SEMICOLON"
        case .duration: "DURATION"
        case .highestSeverity: "HIGHEST_SEVERITY"
        case .sessionID: "SESSIONID"
        case .userID: "USERID"
        case .time: "TIME"
        case .timeDay: "TIME_DAY"
        case .timeEpoch: "TIME_EPOCH"
        case .timeHour: "TIME_HOUR"
        case .timeMin: "TIME_MIN"
        case .timeMon: "TIME_MON"
        case .timeSec: "TIME_SEC"
        case .timeWday: "TIME_WDAY"
        case .timeYear: "TIME_YEAR"
        case .matchedVar: "MATCHED_VAR"
        case .matchedVarName: "MATCHED_VAR_NAME"
        case .args: "ARGS"
        case .argsNames: "ARGS_NAMES"
        case .argsGet: "ARGS_GET"
        case .argsGetNames: "ARGS_GET_NAMES"
        case .argsPost: "ARGS_POST"
        case .argsPostNames: "ARGS_POST_NAMES"
        case .requestHeaders: "REQUEST_HEADERS"
        case .requestHeadersNames: "REQUEST_HEADERS_NAMES"
        case .requestCookies: "REQUEST_COOKIES"
        case .requestCookiesNames: "REQUEST_COOKIES_NAMES"
        case .responseHeaders: "RESPONSE_HEADERS"
        case .responseHeadersNames: "RESPONSE_HEADERS_NAMES"
        case .files: "FILES"
        case .filesNames: "FILES_NAMES"
        case .filesSizes: "FILES_SIZES"
        case .filesTmpNames: "FILES_TMPNAMES"
        case .filesTmpContent: "FILES_TMP_CONTENT"
        case .multipartFilename: "MULTIPART_FILENAME"
        case .multipartName: "MULTIPART_NAME"
        case .multipartPartHeaders: "MULTIPART_PART_HEADERS"
        case .xml: "XML"
        case .tx: "TX"
        case .ip: "IP"
        case .global: "GLOBAL"
        case .session: "SESSION"
        case .user: "USER"
        case .resource: "RESOURCE"
        case .geo: "GEO"
        case .env: "ENV"
        case .rule: "RULE"
        case .matchedVars: "MATCHED_VARS"
        case .matchedVarsNames: "MATCHED_VARS_NAMES"
        }
    }

    private static let names: [String: Variable] = {
        var names: [String: Variable] = [:]
        for variable in allCases { names["\(variable.label)".lowercased()] = variable }
        return names
    }()

    /// `name` in lower case.
    package init?(named name: String) {
        guard let variable = Self.names[name] else { return nil }
        self = variable
    }

    static var allNames: [String] { Array(names.keys) }
}
