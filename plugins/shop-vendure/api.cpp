#include "plugins/shop-vendure/api.hpp"

#include <algorithm>
#include <utility>

namespace deskmate::shop_vendure {

const char* const where_rate = "vendure.rate";

namespace {

constexpr std::string_view login_mutation =
    "mutation($username: String!, $password: String!) { login(username: $username, password: "
    "$password, rememberMe: true) { __typename ... on ErrorResult { errorCode message } } }";

Error shop_error(Status code, std::string message) { return {code, std::move(message), "vendure"}; }

bool ends_with(const std::string& text, std::string_view end) {
  return text.size() >= end.size() &&
         text.compare(text.size() - end.size(), end.size(), end.data(), end.size()) == 0;
}

// The error of an answer that is not a GraphQL answer at all.
Result<void> check_status(int status) {
  if (status == 200 || status == 400) return {};  // 400 carries GraphQL errors
  const std::string number = std::to_string(status);
  if (status == 429) {
    return Error{Status::limit, "the shop asks for fewer requests (HTTP 429)", where_rate};
  }
  if (status == 401 || status == 403) {
    return shop_error(Status::denied, "the shop refuses the account (HTTP " + number + ")");
  }
  if (status == 404) {
    return shop_error(Status::invalid,
                      "there is no /admin-api at the shop's url (HTTP 404); check the url");
  }
  if (status >= 500) return shop_error(Status::unavailable, "the shop answered HTTP " + number);
  return shop_error(Status::invalid, "the shop answered HTTP " + number + "; check the url");
}

// The first of the answer's GraphQL errors; code is Vendure's extensions.code.
struct GraphqlError {
  std::string code;
  std::string message;
};

std::optional<GraphqlError> graphql_error(const Field& body) {
  std::optional<GraphqlError> found;
  body["errors"].each(100, [&](const Field& error) {
    if (found) return;
    found.emplace();
    found->message = error["message"].text_or_empty(text_bytes_max);
    if (error.has("extensions") && error["extensions"].has("code")) {
      found->code = error["extensions"]["code"].text(100);
    }
  });
  return found;
}

Error from_graphql(const GraphqlError& error, Api::Kind kind) {
  const std::string message = "the shop says: " + error.message;
  if (error.code == "FORBIDDEN") return shop_error(Status::denied, message);
  if (error.code == "ENTITY_NOT_FOUND") return shop_error(Status::not_found, message);
  if (error.code == "GRAPHQL_VALIDATION_FAILED" || error.code == "GRAPHQL_PARSE_FAILED" ||
      error.code == "BAD_USER_INPUT" || error.code == "USER_INPUT_ERROR") {
    return shop_error(Status::invalid, message);
  }
  // Vendure rolls back what failed, but a payment provider may have been asked before that.
  return shop_error(kind == Api::Kind::write ? Status::internal : Status::unavailable, message);
}

}  // namespace

std::string admin_url(std::string setting) {
  while (ends_with(setting, "/")) setting.pop_back();
  if (ends_with(setting, "/admin-api")) return setting;
  return setting + "/admin-api";
}

Result<Api::Answer> Api::post(Session& desk, std::string_view query, const json::object& variables,
                              Kind kind) {
  HttpRequest request;
  request.method = "POST";
  request.url = admin_url(desk.setting<std::string>("url"));
  request.timeout_ms = http_timeout_ms;
  request.retries = kind == Kind::read ? read_retries : 0;
  request.headers.set("content-type", "application/json");
  request.headers.set("accept", "application/json");
  if (!token_.empty()) request.headers.set("authorization", "Bearer " + token_);
  const std::string channel = desk.setting<std::string>("channel");
  if (!channel.empty()) request.headers.set("vendure-token", channel);
  json::object body;
  body["query"] = json::string_view(query.data(), query.size());
  body["variables"] = variables;
  request.body = json::serialize(body);

  Result<HttpResponse> response = desk.http(request);
  if (!response) return response.error();
  if (Result<void> good = check_status(response->status); !good) return good.error();
  Result<json::value> parsed = parse_answer(response->body);
  if (!parsed) return parsed.error();
  if (!parsed->is_object()) {
    return shop_error(Status::internal, "the shop's answer is not a GraphQL answer");
  }
  Answer answer;
  answer.status = response->status;
  answer.body = std::move(*parsed);
  answer.token = response->headers["vendure-auth-token"].as_str();
  return answer;
}

Result<void> Api::login(Session& desk) {
  token_.clear();
  Result<std::string> username = desk.secret("username");
  if (!username) return username.error();
  Result<std::string> password = desk.secret("password");
  if (!password) return password.error();
  json::object variables;
  variables["username"] = *username;
  variables["password"] = *password;
  // Logging in twice does no harm.
  Result<Answer> answer = post(desk, login_mutation, variables, Kind::read);
  if (!answer) return answer.error();
  Fault fault;
  const Field body(answer->body, "", fault);
  if (const auto error = graphql_error(body)) return from_graphql(*error, Kind::read);
  const Field result = body["data"]["login"];
  const auto refused = refusal(result);
  result["__typename"].text(100);
  if (fault) return fault.error();
  if (refused) {
    return shop_error(Status::denied, "the shop refuses the login: " + refused->message);
  }
  if (answer->token.empty()) {
    return shop_error(Status::denied,
                      "the shop gave no token: its authOptions.tokenMethod must include 'bearer'");
  }
  token_ = answer->token;
  return {};
}

Result<json::object> Api::ask(Session& desk, std::string_view query, const json::object& variables,
                              Kind kind) {
  bool fresh = false;
  if (token_.empty()) {
    if (Result<void> in = login(desk); !in) return in.error();
    fresh = true;
  }
  for (;;) {
    Result<Answer> answer = post(desk, query, variables, kind);
    std::optional<Error> failed;
    if (!answer) {
      failed = answer.error();
    } else {
      Fault fault;
      const Field body(answer->body, "", fault);
      const auto error = graphql_error(body);
      if (fault) return fault.error();
      if (error) failed = from_graphql(*error, kind);
    }
    if (failed && failed->code == Status::denied && failed->where == "vendure" && !fresh) {
      // Refused before anything was done: the session has expired.
      if (Result<void> in = login(desk); !in) return in.error();
      fresh = true;
      continue;
    }
    if (failed) return *failed;
    json::value* data = answer->body.get_object().if_contains("data");
    if (!data || !data->is_object()) {
      return shop_error(Status::internal, "the shop's answer has no data");
    }
    return std::move(data->get_object());
  }
}

std::optional<Refusal> refusal(const Field& result) {
  if (!result.has("errorCode")) return std::nullopt;
  Refusal refused;
  refused.code = result["errorCode"].text(100);
  std::transform(refused.code.begin(), refused.code.end(), refused.code.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  refused.message = result["message"].text_or_empty(text_bytes_max);
  return refused;
}

}  // namespace deskmate::shop_vendure
