#include "tests/apiserver/controllers/controllers.h"

#include <memory>

#include "tests/apiserver/controllers/endpoints_controller.h"
#include "tests/apiserver/controllers/scheduler.h"

namespace ferry::apiserver {
namespace {

struct AllControllers {
  AllControllers(boost::asio::io_context& loop, Storage& storage)
      : scheduler(loop, storage), endpoints(loop, storage) {}

  Scheduler scheduler;
  EndpointsController endpoints;
};

}  // namespace

StartControllers start_all_controllers() {
  return [](boost::asio::io_context& loop, Storage& storage) -> std::shared_ptr<void> {
    return std::make_shared<AllControllers>(loop, storage);
  };
}

}  // namespace ferry::apiserver
