#include "deskmate/web.hpp"

#include <utility>

namespace deskmate {
namespace {

WebResponse response(int status, const char* type, std::string body) {
  WebResponse out;
  out.status = status;
  out.headers.set("content-type", type);
  out.body = std::move(body);
  return out;
}

}  // namespace

WebRequest WebRequest::from(const Value& params) {
  WebRequest out;
  out.method = params["method"].as_str();
  out.path = params["path"].as_str();
  out.query = params["query"].as_str();
  out.hook = params["hook"].as_bool();
  out.headers = params["headers"].as_map();
  const Value& body = params["body"];
  out.body = body.is_bin() ? body.as_bin() : body.as_str();
  return out;
}

WebResponse WebResponse::text(int status, std::string body) {
  return response(status, "text/plain; charset=utf-8", std::move(body));
}

WebResponse WebResponse::json(int status, std::string body) {
  return response(status, "application/json", std::move(body));
}

Value WebResponse::to_value() const {
  return Value::map({{"status", status}, {"headers", headers}, {"body", Value::bin(body)}});
}

}  // namespace deskmate
